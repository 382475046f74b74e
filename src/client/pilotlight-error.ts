/** What calls of the client raise. Its class says what to do, its code why it happened. */
import type { ProblemCode } from './wire/problem-codes.ts';
import type { PoolCandidate, Problem } from './wire/problem.ts';

/** The codes of the API, and `unreachable`: no replica gave an answer that could be read. */
export type PilotlightErrorCode = ProblemCode | 'unreachable';

/** An error of the API, or the lack of an answer. Its message is one sentence a person can act on. */
export class PilotlightError extends Error {
  readonly code: PilotlightErrorCode;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** When to ask again, as the API said; null when it did not. */
  readonly retryAfterSeconds: number | null;
  /** Finds the request in the API's log; null when there was no answer. */
  readonly requestId: string | null;

  constructor(
    code: PilotlightErrorCode,
    message: string,
    options: {
      status?: number;
      retryAfterSeconds?: number | undefined;
      requestId?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'PilotlightError';
    this.code = code;
    this.status = options.status ?? null;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
    this.requestId = options.requestId ?? null;
  }
}

/** No pod became warm in time. `retryAfterSeconds` is the API's estimate. */
export class ClaimMissError extends PilotlightError {
  override readonly name = 'ClaimMissError';
}

/**
 * The claim does not hold its pod any more: the pod failed or was deleted, or the lease ended before
 * it could be renewed. Work on the pod must end; claim anew.
 */
export class ClaimLostError extends PilotlightError {
  override readonly name = 'ClaimLostError';
}

/**
 * A claim by shape and image means no single pool. Asking again changes nothing until the pools
 * change: name the pool, or ask for what a candidate has.
 */
class UnresolvedShapeError extends PilotlightError {
  /** The first 20 pools that could have been meant, of those that the token may see. */
  readonly candidates: readonly PoolCandidate[];

  constructor(problem: Problem) {
    super(problem.code, problem.detail, optionsOf(problem));
    this.candidates = problem.candidates ?? [];
  }
}

/** No pool has the shape and image that were asked for; the candidates are the pools that there are. */
export class NoSuchShapeError extends UnresolvedShapeError {
  override readonly name = 'NoSuchShapeError';
}

/** Several pools have the shape and image that were asked for; they are the candidates. */
export class AmbiguousShapeError extends UnresolvedShapeError {
  override readonly name = 'AmbiguousShapeError';
}

/** No replica answers. What was asked may have been done all the same. */
export class UnreachableError extends PilotlightError {
  override readonly name = 'UnreachableError';

  constructor(message: string, cause: unknown) {
    super('unreachable', message, { cause });
  }
}

/** The error of an answer other than success. */
export function fromProblem(problem: Problem): PilotlightError {
  const { code, detail } = problem;
  const options = optionsOf(problem);
  if (code === 'noSuchShape') return new NoSuchShapeError(problem);
  if (code === 'ambiguousShape') return new AmbiguousShapeError(problem);
  if (code === 'poolMiss') return new ClaimMissError(code, detail, options);
  if (code === 'claimLost' || code === 'claimEnded' || code === 'claimNotFound') {
    return new ClaimLostError(code, detail, options);
  }
  return new PilotlightError(code, detail, options);
}

function optionsOf({ status, retryAfterSeconds, requestId }: Problem) {
  return { status, retryAfterSeconds, requestId };
}
