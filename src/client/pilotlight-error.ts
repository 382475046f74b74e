/** What calls of the client raise. Its class says what to do, its code why it happened. */
import type { ProblemCode } from './wire/problem-codes.ts';
import type { Problem } from './wire/problem.ts';

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

/** No replica answers. What was asked may have been done all the same. */
export class UnreachableError extends PilotlightError {
  override readonly name = 'UnreachableError';

  constructor(message: string, cause: unknown) {
    super('unreachable', message, { cause });
  }
}

/** The error of an answer other than success. */
export function fromProblem(problem: Problem): PilotlightError {
  const { code, detail, status, retryAfterSeconds, requestId } = problem;
  const options = { status, retryAfterSeconds, requestId };
  if (code === 'poolMiss') return new ClaimMissError(code, detail, options);
  if (code === 'claimLost' || code === 'claimEnded' || code === 'claimNotFound') {
    return new ClaimLostError(code, detail, options);
  }
  return new PilotlightError(code, detail, options);
}
