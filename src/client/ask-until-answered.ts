import { setTimeout as sleep } from 'node:timers/promises';
import { QueryNotRegisteredError } from '@temporalio/client';

/** Each time another worker may meet the pool for the first time: more than a release has replicas of it. */
const maxAsked = 5;

/** The task that is to bring the news comes within milliseconds, or makes the question wait for it. */
const pauseMs = 50;

/**
 * Asks a pool something, and asks again when the worker that was asked must not answer: it was told of
 * more than its tasks had brought (src/workflows/refuse-early-news.ts), forgets the pool, and can tell next time.
 */
export async function askUntilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let asked = 1; ; asked += 1) {
    try {
      return await ask();
    } catch (error) {
      // What the client calls any failure of a query. Ours fail for that reason alone, and with encrypted
      // failures the message does not say why.
      if (!(error instanceof QueryNotRegisteredError) || asked >= maxAsked) throw error;
      await sleep(pauseMs);
    }
  }
}
