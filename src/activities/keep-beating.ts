import { Context } from '@temporalio/activity';
import { heartbeatTimeoutMs } from '../pool/deadlines.ts';

/**
 * Two beats within the timeout. Most calls have ended before the first; only those that the API server
 * lets hang beat at all.
 */
const beatEveryMs = heartbeatTimeoutMs / 2.5;

/**
 * Runs a short activity and beats meanwhile, so that the death of its process is noticed within the
 * heartbeat timeout of 10 s instead of at its start-to-close of a minute.
 */
export async function keepBeating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), beatEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
