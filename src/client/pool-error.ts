/** What can go wrong between a user and a pool's workflow, in words for the user. */

/** What an error means for the caller: refused and notFound are final, the others may pass. */
export type PoolErrorCode = 'notFound' | 'refused' | 'unanswered' | 'unreachable';

/** An error whose message is one sentence a person can act on. */
export class PoolError extends Error {
  readonly code: PoolErrorCode;

  constructor(code: PoolErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'PoolError';
    this.code = code;
  }
}

/** The message nearest to the fault: the outer ones only say that a call failed. */
export function innermostMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermostMessage(error.cause) : error.message;
}
