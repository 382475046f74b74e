/** Whether a workflow is at work just now. */
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { EVENT_TYPE_WORKFLOW_TASK_STARTED: taskStarted } = proto.temporal.api.enums.v1.EventType;

/** Whoever asks has something to tell meanwhile, and would rather not wait for the answer. */
const callDeadlineMs = 2_000;

/**
 * Whether a workflow task is under way: the last event is its start then, since what comes meanwhile
 * is written down after it. One event is read, and reading is no action that Temporal bills; a
 * description would carry every activity under way. Raises when Temporal does not answer.
 */
export async function isAtWork(client: Client, workflowId: string): Promise<boolean> {
  const { namespace } = client.options;
  const { history } = await client.withDeadline(Date.now() + callDeadlineMs, () =>
    client.workflowService.getWorkflowExecutionHistoryReverse({
      ...{ namespace, execution: { workflowId }, maximumPageSize: 1 },
    }),
  );
  return history?.events?.[0]?.eventType === taskStarted;
}
