/**
 * Keeps queries from changing what a workflow does.
 *
 * A query that waited for a worker which is dead is given to another one without a workflow task, together
 * with all that came since the last task. That worker reads the history for the first time, and the SDK
 * hands what came to the workflow at once, at the time of the last task. What the workflow then decides is
 * kept, and recorded with the next task as if it had been decided there; a replay decides otherwise, and the
 * workflow stands still from its next replay on (docs/adr/0043). Here such an activation fails, and with
 * it the one query, and the worker forgets the run.
 */
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { askAgain, isEarlyNews, type HistorySeen } from './early-news.ts';

/** Found by its name when a bundle is made with this module; called once for each run in a cache. */
export const interceptors = (): WorkflowInterceptors => {
  let before: HistorySeen | null = null;
  return {
    internals: [
      {
        activate(input, next) {
          const { historyLength, historySizeBytes, jobs, timestamp } = input.activation;
          const seen = {
            events: historyLength ?? 0,
            // A number or a Long: equal ones have equal texts.
            bytes: String(historySizeBytes ?? 0),
            startedAt: `${String(timestamp?.seconds ?? 0)}.${timestamp?.nanos ?? 0}`,
            hasNews: (jobs ?? []).some((job) => !job.queryWorkflow && !job.removeFromCache),
          };
          if (isEarlyNews(before, seen)) throw new Error(askAgain);
          before = seen;
          next(input);
        },
      },
    ],
  };
};
