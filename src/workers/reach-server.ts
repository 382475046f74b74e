/** Patience with servers that a process needs at its start. */
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that restarts is back within seconds, and a try costs one connection. */
const pauseMs = 1_000;

/**
 * Tries until the server answers. A process that ended at the first refusal would be started again by
 * its keeper ever more rarely, up to five minutes late, when all of a cluster restarts at once.
 *
 * @param options.what names the server in the error
 * @param options.deadlineMs when to give up, in milliseconds since 1970
 * @param options.onTrouble hears of each failed try but the last; must not throw
 * @throws with the last failure as its cause once the next try would come after the deadline
 */
export async function reachServer<T>(options: {
  what: string;
  deadlineMs: number;
  reach: () => Promise<T>;
  onTrouble: (error: unknown) => void;
}): Promise<T> {
  const { what, deadlineMs, reach, onTrouble } = options;
  const startedAtMs = Date.now();
  for (;;) {
    try {
      return await reach();
    } catch (error) {
      if (Date.now() + pauseMs >= deadlineMs) {
        const seconds = Math.round((Date.now() - startedAtMs) / 1_000);
        throw new Error(`${what} did not answer in ${seconds} s: ${String(error)}`, {
          cause: error,
        });
      }
      onTrouble(error);
      await sleep(pauseMs);
    }
  }
}
