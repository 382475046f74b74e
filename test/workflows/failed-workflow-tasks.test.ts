import assert from 'node:assert/strict';
import proto from '@temporalio/proto';
import { failedWorkflowTasks } from '../e2e/failed-workflow-tasks.ts';

const { EventType, WorkflowTaskFailedCause: causes } = proto.temporal.api.enums.v1;

const completed = { eventType: EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED };

function failed(cause: number, message?: string) {
  return {
    eventType: EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    workflowTaskFailedEventAttributes: {
      cause,
      ...(message === undefined ? {} : { failure: { message } }),
    },
  };
}

describe('the check of failed workflow tasks', () => {
  const race = failed(causes.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND);
  const full = failed(causes.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND);

  it('reports every failure of our own, with its message', () => {
    const cause = causes.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE;
    assert.deepEqual(failedWorkflowTasks([completed, failed(cause, 'boom'), completed]), [
      'WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE: boom',
    ]);
    const changed = causes.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR;
    assert.equal(failedWorkflowTasks([failed(changed), failed(changed)]).length, 2);
  });

  it('lets a task lose races with what comes meanwhile, five in a row and no more', () => {
    const five = [race, full, race, race, race];
    assert.deepEqual(failedWorkflowTasks([...five, completed, ...five, completed]), []);
    const [fault, ...others] = failedWorkflowTasks([...five, full, completed, race]);
    assert.match(fault ?? '', /FORCE_CLOSE_COMMAND: no message \(6 in a row\)/);
    assert.deepEqual(others, []);
  });
});
