import assert from 'node:assert/strict';
import { WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { actionsSince, readActions, sumOfActions } from '../../bench/actions.ts';
import { costOf } from '../../bench/quiet.ts';
import { removePools, selectorOf, sharesOf, turnsOf } from '../../bench/several-pools.ts';
import type { Stage } from '../../bench/stage.ts';
import { addTrouble, troubleOf } from '../../bench/workflow-trouble.ts';

const { TimeoutType } = proto.temporal.api.enums.v1;

describe("Temporal's actions", () => {
  const metrics = [
    '# TYPE action counter',
    'action{action_type="command_StartTimer",namespace="default",operation="a"} 3',
    'action{action_type="command_StartTimer",namespace="default",operation="b"} 2',
    'action{action_type="grpc_StartWorkflowExecution",namespace="temporal_system"} 9',
    'action_latency{action_type="command_StartTimer",namespace="default"} 100',
  ].join('\n');

  it('are those of our namespace, by kind', () => {
    assert.deepEqual(readActions(metrics), { command_StartTimer: 5 });
  });

  it('are counted since an earlier reading, without kinds that had none', () => {
    const since = actionsSince({ a: 1, b: 2 }, { a: 4, b: 2, c: 1 });
    assert.deepEqual(since, { a: 3, c: 1 });
    assert.equal(sumOfActions(since), 4);
  });
});

describe('the cost of quiet pools', () => {
  it('is one list an hour a pool, with its timer and its card, and the heartbeats of the watcher', () => {
    const actions = {
      command_StartTimer: 50,
      command_ScheduleActivityTask: 50,
      grpc_RecordActivityTaskHeartbeat: 30,
    };
    const cost = costOf({ actions, seconds: 60, pools: 50 });
    assert.equal(cost.lists, 50);
    assert.equal(cost.perPoolAndHour, 3);
    assert.equal(cost.perWatcherAndHour, 1_800);
    assert.equal(cost.perHour, 1_950);
  });

  it('is not taken for nothing when no pool listed its pods meanwhile', () => {
    assert.equal(costOf({ actions: {}, seconds: 10, pools: 2 }).perHour, 6);
  });
});

describe('a load spread over pools', () => {
  it('leaves no pod out, and gives one pool the name itself', () => {
    const shares = sharesOf({ name: 'many', pools: 3, pods: 10 });
    assert.deepEqual(shares, [
      { pool: 'many-0', pods: 4 },
      { pool: 'many-1', pods: 3 },
      { pool: 'many-2', pods: 3 },
    ]);
    assert.equal(selectorOf(shares), 'pilotlight.dev/pool in (many-0,many-1,many-2)');
    assert.deepEqual(sharesOf({ name: 'one', pools: 1, pods: 5 }), [{ pool: 'one', pods: 5 }]);
  });
});

describe('the turns of a fill', () => {
  const sizes = (shares: { pods: number; had?: number }[]) =>
    turnsOf(shares.map((share, index) => ({ pool: `p-${index}`, ...share }))).map((turn) =>
      turn.map(({ pods }) => pods),
    );

  it('have at most ten pools, and 500 pods that are to come', () => {
    const ten = Array<number>(10).fill(1);
    assert.deepEqual(sizes(Array.from({ length: 11 }, () => ({ pods: 1 }))), [ten, [1]]);
    assert.deepEqual(sizes([{ pods: 300 }, { pods: 200 }, { pods: 1 }]), [[300, 200], [1]]);
    assert.deepEqual(sizes([{ pods: 300, had: 290 }, { pods: 490 }]), [[300, 490]]);
  });

  it('leave a pool that is larger alone', () => {
    assert.deepEqual(sizes([{ pods: 900 }, { pods: 1 }]), [[900], [1]]);
    assert.deepEqual(sizes([]), []);
  });
});

// Pools did not start on a machine that was too busy, and the benchmark said `workflow not found`: its
// end had failed of what its failure had left behind.
describe('the end of a load', () => {
  const stageWhose = (error: Error, deleted: string[]) =>
    ({
      endPool: (pool: string) => (pool === 'b' ? Promise.reject(error) : Promise.resolve()),
      bare: { deletePods: (_: string, selector: string) => void deleted.push(selector) },
    }) as unknown as Stage;
  const shares = ['a', 'b', 'c'].map((pool) => ({ pool, pods: 1 }));

  it('is no failure when a pool has never started', async () => {
    const deleted: string[] = [];
    const error = new WorkflowNotFoundError('workflow not found', 'pool-b', undefined);
    await removePools(stageWhose(error, deleted), shares);
    assert.deepEqual(deleted, ['pilotlight.dev/pool in (a,b,c)']);
  });

  it('is one when Temporal does not answer', async () => {
    await assert.rejects(removePools(stageWhose(new Error('away'), []), shares), /away/);
  });
});

describe('the trouble of workflows', () => {
  it('counts failed tasks, and heartbeats that were lost although the next attempt went well', () => {
    const timeoutType = TimeoutType.TIMEOUT_TYPE_HEARTBEAT;
    const trouble = troubleOf([
      { workflowTaskFailedEventAttributes: {} },
      { workflowTaskTimedOutEventAttributes: {} },
      {
        activityTaskStartedEventAttributes: {
          lastFailure: { timeoutFailureInfo: { timeoutType } },
        },
      },
      { activityTaskStartedEventAttributes: {} },
      {
        activityTaskTimedOutEventAttributes: {
          failure: { cause: { timeoutFailureInfo: { timeoutType } } },
        },
      },
    ]);
    assert.deepEqual(trouble, {
      failedWorkflowTasks: 1,
      timedOutWorkflowTasks: 1,
      lostHeartbeats: 2,
      longestHistory: 5,
    });
    assert.equal(addTrouble(trouble, trouble).lostHeartbeats, 4);
    assert.equal(addTrouble(trouble, { ...trouble, longestHistory: 9 }).longestHistory, 9);
  });
});
