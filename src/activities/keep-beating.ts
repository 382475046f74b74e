import { Context } from '@temporalio/activity';
import { heartbeatTimeoutMs } from '../pool/deadlines.ts';
import { beatEveryMs } from './beat-every.ts';

/**
 * Runs a short activity and beats meanwhile, so that the death of its process is noticed within the
 * heartbeat timeout of 10 s instead of at its start-to-close of a minute. It beats as one of many: most
 * calls have ended before the first beat, and those that the API server lets hang often hang together.
 */
export async function keepBeating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs ?? heartbeatTimeoutMs;
  const timer = setInterval(() => context.heartbeat(), beatEveryMs(timeoutMs, true));
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
