import type { temporal } from '@temporalio/proto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { workflowTypes } from '../workflows/messages.ts';
import type { TemporalConnection } from './connect-to-temporal.ts';

/** A history of 8,000 events took 2 s from a busy server. */
const fetchDeadlineMs = 60_000;

/** More workflows than a task queue of ours has; a visibility store that is asked for all would be slow. */
const maxWorkflows = 10_000;

/**
 * The histories of all pools and watchers that run on a task queue, one at a time. Those that end
 * between the list and their turn are left out: nothing will go on with them.
 */
export async function* runningHistories(
  { client }: Pick<TemporalConnection, 'client'>,
  taskQueue: string,
): AsyncGenerator<{
  workflowId: string;
  runId: string;
  history: temporal.api.history.v1.IHistory;
}> {
  const types = Object.values(workflowTypes).map((type) => `'${type}'`);
  const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${types.join()}) AND TaskQueue = '${taskQueue}'`;
  let count = 0;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    count += 1;
    if (count > maxWorkflows) throw new Error(`More than ${maxWorkflows} workflows run`);
    try {
      const history = await client.withDeadline(Date.now() + fetchDeadlineMs, () =>
        client.workflow.getHandle(workflowId, runId).fetchHistory(),
      );
      yield { workflowId, runId, history };
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
