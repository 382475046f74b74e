/** The histories of a workflow that continues as new. */
import type { Client } from '@temporalio/client';
import type proto from '@temporalio/proto';

/** An event of a history, as Temporal keeps it. */
export type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** A pool continues as new every few thousand events; no benchmark makes as many runs as this. */
const maxRuns = 200;

/** One call, while the machine is busy. */
const callDeadlineMs = 30_000;

/** The events of each run, the latest run first. Raises when Temporal does not answer. */
export async function* runsOf(client: Client, workflowId: string): AsyncGenerator<HistoryEvent[]> {
  let runId: string | undefined;
  for (let run = 0; run < maxRuns && runId !== ''; run += 1) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const history = await client.withDeadline(Date.now() + callDeadlineMs, () =>
      handle.fetchHistory(),
    );
    const events = history.events ?? [];
    yield events;
    runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
  }
}
