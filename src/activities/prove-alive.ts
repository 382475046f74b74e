/** Whether an attempt may still act on the world, or has been given to another process. */
import { ApplicationFailure } from '@temporalio/common';
import { heartbeatTimeoutMs } from '../pool/deadlines.ts';

/**
 * How long an attempt that was alive may be trusted to be so. A process that was paused for longer may
 * have lost it, and a late create could make a pod anew that has come, served and gone.
 */
export const trustedForMs = heartbeatTimeoutMs / 2;

/**
 * The instant (of `performance.now`) at which the attempt is known to have been alive. An attempt that
 * was scheduled just now is; one that may have lain in the socket of a stopped process asks Temporal
 * by a heartbeat. Raises a retryable `HeldUp` when Temporal has given it up.
 */
export async function proveAlive(options: {
  /** When the server scheduled the attempt, by its clock. */
  scheduledAtMs: number;
  heartbeat: () => Promise<unknown>;
}): Promise<number> {
  const askedMs = performance.now();
  if (Date.now() - options.scheduledAtMs <= trustedForMs) return askedMs;
  try {
    await options.heartbeat();
  } catch (error) {
    throw ApplicationFailure.retryable(
      `this attempt was given to another process: ${String(error)}`,
      'HeldUp',
    );
  }
  return askedMs;
}
