/** Whether pools went through a load without trouble, as their histories tell. */
import proto from '@temporalio/proto';
import type { HistoryEvent } from './workflow-runs.ts';

const { TimeoutType } = proto.temporal.api.enums.v1;

type Failure = proto.temporal.api.failure.v1.IFailure;

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
  const countWith = (key: keyof HistoryEvent): number =>
    events.filter((event) => event[key] !== undefined && event[key] !== null).length;
  // An attempt that was lost is tried again: only the attempt that ends it is written down, with the
  // failure of the one before.
  const lost = events.filter((event) => {
    const { activityTaskTimedOutEventAttributes: end, activityTaskStartedEventAttributes: again } =
      event;
    return [end?.failure, again?.lastFailure].some(isLostHeartbeat);
  });
  return {
    failedWorkflowTasks: countWith('workflowTaskFailedEventAttributes'),
    timedOutWorkflowTasks: countWith('workflowTaskTimedOutEventAttributes'),
    lostHeartbeats: lost.length,
    longestHistory: events.length,
  };
}

function isLostHeartbeat(failure: Failure | null | undefined): boolean {
  const timeout = failure?.timeoutFailureInfo ?? failure?.cause?.timeoutFailureInfo;
  return timeout?.timeoutType === TimeoutType.TIMEOUT_TYPE_HEARTBEAT;
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
