/** The one error that claims raise. */

/** Stable codes: clients and dashboards rely on them. */
export type ClaimErrorCode =
  /** There is no pool of that name. */
  | 'unknownPool'
  /** The pool drains and accepts no claims. */
  | 'poolDraining'
  /** No pod turned warm within `waitSeconds`. */
  | 'poolMiss'
  /** The line is full. */
  | 'tooManyWaiting'
  /** No pod carries the claimId. */
  | 'claimNotFound'
  /** The claim's pod failed, vanished or is being deleted. */
  | 'claimLost'
  /** The claim was released. */
  | 'claimEnded'
  /** The claimId is in use for another pool. */
  | 'claimIdInUse'
  /** The lease asked for is longer than the pool allows. */
  | 'leaseNotAllowed'
  /** This replica stops; another one serves. */
  | 'shuttingDown'
  /** Kubernetes does not answer, or asks for patience. */
  | 'clusterUnavailable'
  /** A field of the request can't be used. */
  | 'badRequest';

/** Facts beside the message, for programs. */
export type ClaimErrorDetails = Record<string, string | number | boolean | null>;

/** Its message is one sentence that a person can act on. */
export class ClaimError extends Error {
  readonly code: ClaimErrorCode;
  /** When to ask again; null when asking again does not help. */
  readonly retryAfterSeconds: number | null;
  readonly details: ClaimErrorDetails;

  constructor(
    code: ClaimErrorCode,
    message: string,
    options: {
      retryAfterSeconds?: number | null;
      details?: ClaimErrorDetails;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ClaimError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
    this.details = options.details ?? {};
  }
}
