/** Which failed workflow tasks of a history are a fault of ours. */
import proto from '@temporalio/proto';
import type { HistoryEvent } from './pool-history.ts';

const { EventType, WorkflowTaskFailedCause: causes } = proto.temporal.api.enums.v1;

/**
 * Races that a task may lose: the server takes it back and gives it again at once, with what came
 * meanwhile. Nothing of the task is lost, but a task that loses again and again does no work.
 */
const races: ReadonlySet<unknown> = new Set([
  // A message or an outcome came while a task ran that ended its run (a continue-as-new, the end of a
  // drain): the server keeps the run open for it.
  causes.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
  // More than 100 events came while the task ran, as when 300 pods become Ready at once: the server
  // ends it to write them down.
  causes.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
]);

/**
 * Lost races in a row, without a completed task between them. A task takes about 30 ms and a pool hears
 * of its pods at most every 100 ms, so at the worst one in three is lost, and six in a row are one in
 * 700 ends of a run.
 */
const maxRacesInARow = 5;

/** Causes and messages of the workflow tasks that failed for a reason of ours; none is how it should be. */
export function failedWorkflowTasks(events: HistoryEvent[]): string[] {
  const faults: string[] = [];
  let lostInARow = 0;
  for (const { eventType, workflowTaskFailedEventAttributes: failed } of events) {
    if (eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED) lostInARow = 0;
    if (failed === null || failed === undefined) continue;
    const { cause, failure } = failed;
    lostInARow += races.has(cause) ? 1 : 0;
    if (races.has(cause) && lostInARow <= maxRacesInARow) continue;
    const count = races.has(cause) ? ` (${lostInARow} in a row)` : '';
    faults.push(`${causes[cause ?? 0]}: ${failure?.message ?? 'no message'}${count}`);
  }
  return faults;
}
