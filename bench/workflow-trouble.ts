/** Whether pools went through a load without trouble, as their histories tell. */
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { poolWorkflowId } from '../src/pool/names.ts';

const { EventType, TimeoutType } = proto.temporal.api.enums.v1;

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** A pool continues as new every few thousand events; no benchmark makes as many runs as this. */
const maxRuns = 200;

/** One call, while the machine is busy. */
const callDeadlineMs = 30_000;

/** What went wrong, and how long histories grew. */
export interface WorkflowTrouble {
  failedWorkflowTasks: number;
  timedOutWorkflowTasks: number;
  lostHeartbeats: number;
  longestHistory: number;
}

/** Nothing yet. */
export const noTrouble: WorkflowTrouble = {
  failedWorkflowTasks: 0,
  timedOutWorkflowTasks: 0,
  lostHeartbeats: 0,
  longestHistory: 0,
};

/** Counts the trouble of one run's events. */
export function troubleOf(events: HistoryEvent[]): WorkflowTrouble {
  const count = (type: number): number =>
    events.filter(({ eventType }) => eventType === type).length;
  const lost = events.filter(({ activityTaskTimedOutEventAttributes: timedOut }) => {
    const failure =
      timedOut?.failure?.timeoutFailureInfo ?? timedOut?.failure?.cause?.timeoutFailureInfo;
    return failure?.timeoutType === TimeoutType.TIMEOUT_TYPE_HEARTBEAT;
  });
  return {
    failedWorkflowTasks: count(EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED),
    timedOutWorkflowTasks: count(EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT),
    lostHeartbeats: lost.length,
    longestHistory: events.length,
  };
}

/** Adds two up; of the histories the longer one counts. */
export function addTrouble(one: WorkflowTrouble, other: WorkflowTrouble): WorkflowTrouble {
  return {
    failedWorkflowTasks: one.failedWorkflowTasks + other.failedWorkflowTasks,
    timedOutWorkflowTasks: one.timedOutWorkflowTasks + other.timedOutWorkflowTasks,
    lostHeartbeats: one.lostHeartbeats + other.lostHeartbeats,
    longestHistory: Math.max(one.longestHistory, other.longestHistory),
  };
}

/** Reads all runs of the pools. Raises when Temporal does not answer. */
export async function readTrouble(client: Client, pools: string[]): Promise<WorkflowTrouble> {
  let trouble = noTrouble;
  for (const pool of pools) {
    let runId: string | undefined;
    for (let run = 0; run < maxRuns && runId !== ''; run += 1) {
      const handle = client.workflow.getHandle(poolWorkflowId(pool), runId);
      const history = await client.withDeadline(Date.now() + callDeadlineMs, () =>
        handle.fetchHistory(),
      );
      const events = history.events ?? [];
      trouble = addTrouble(trouble, troubleOf(events));
      runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
    }
  }
  return trouble;
}
