import { QueryNotRegisteredError } from '@temporalio/client';
import { askAgain } from '../workflows/early-news.ts';

/** Each time another worker may meet the pool for the first time: more than a release has replicas of it. */
const maxAsked = 5;

/**
 * Asks a pool something, and asks again when the worker that was asked must not answer: it was told of
 * more than its tasks had brought (src/workflows/refuse-early-news.ts), forgets the pool, and can tell next time.
 */
export async function askUntilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let asked = 1; ; asked += 1) {
    try {
      return await ask();
    } catch (error) {
      // What any failure of a query is called by the client.
      const isEarly = error instanceof QueryNotRegisteredError && error.message.includes(askAgain);
      if (!isEarly || asked >= maxAsked) throw error;
    }
  }
}
