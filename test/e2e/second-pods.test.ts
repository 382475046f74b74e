/**
 * A pod comes and goes before its spawn has ended, and another one comes under its name: a create that
 * arrived late made it (docs/adr/0008). The story: a spawn whose worker is dead can be called off, but
 * Temporal keeps its activityId until the worker has been silent for the heartbeat timeout. Waiting for the
 * second pod under the same id failed the workflow task for that long, again and again, and no message
 * was handled meanwhile.
 */
import assert from 'node:assert/strict';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Activities } from '../../src/activities/create-activities.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { Observation } from '../../src/pool/observation.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { quietReplays } from '../../src/workers/replay-histories.ts';
import { workflowCode } from '../../src/workers/workflow-code.ts';
import { defaultTaskQueue } from '../../src/workflows/task-queue.ts';
import { examplePod, seen } from '../pool/examples.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { failedWorkflowTasks } from './failed-workflow-tasks.ts';
import { colocated } from './pod-templates.ts';
import { pendingSpawns, readPoolHistory } from './pool-history.ts';

const over = Promise.withResolvers<never>();
// Nobody may be there to hear of the end.
over.promise.catch(() => {});

/** A spawn that nobody answers for is pending for the heartbeat timeout of 10 s. */
const nobodyAnswers = (): Promise<never> => over.promise;

const activities: Activities = {
  spawnPod: nobodyAnswers,
  retirePod: nobodyAnswers,
  watchPods: nobodyAnswers,
  observePool: () => Promise.resolve(seen([], { version: '1', complete: true })),
  publishPool: () => Promise.resolve(),
};

describe('a second pod under a name', function () {
  this.timeout(120_000);
  let environment: Environment;
  let connection: NativeConnection;
  let worker: Worker;
  let running: Promise<void>;

  before(async () => {
    quietReplays();
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
    const { address } = environment.temporal;
    connection = await NativeConnection.connect({ address });
    const { workflowsPath, webpackConfigHook, payloadConverterPath } = workflowCode;
    worker = await Worker.create({
      ...{ connection, workflowsPath, activities, taskQueue: defaultTaskQueue },
      bundlerOptions: { webpackConfigHook },
      dataConverter: { payloadConverterPath },
      shutdownForceTime: '10s',
    });
    running = worker.run().catch(() => {});
  });
  after(async () => {
    over.reject(new Error('the test is over'));
    worker.shutdown();
    await running;
    await connection.close().catch(() => {});
    await environment.stop();
  });

  async function withSpawn(pool: string): Promise<(observation: Observation) => Promise<void>> {
    await environment.createPool({ pool, warmTarget: 1, template: colocated() });
    await untilSpawns(pool, 'a spawn', (ids) => ids.length === 1);
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    // So that nothing is started in place of the first, and the second is not one too many.
    await handle.signal('pause');
    return (observation) => handle.signal('podsChanged', observation);
  }

  async function untilSpawns(
    pool: string,
    what: string,
    holds: (activityIds: string[]) => boolean,
  ): Promise<void> {
    await until({
      ...{ what, holds, timeoutMs: 30_000 },
      ask: async () => {
        const spawns = await pendingSpawns(environment.client, pool);
        return spawns.map(({ activityId }) => activityId ?? '');
      },
    });
  }

  const podsOf = (pool: string): ((changes: Partial<PodView>) => PodView) => {
    return (changes) => examplePod({ name: `${pool}-0`, templateHash: 'e2e', ...changes });
  };

  async function knowsSecond(pool: string): Promise<void> {
    const { events } = await readPoolHistory(environment.client, pool);
    assert.deepEqual(failedWorkflowTasks(events), []);
    const { pods } = await environment.status(pool);
    assert.deepEqual(
      pods.map(({ uid }) => uid),
      ['second'],
    );
  }

  async function isWaitedForBesideTheFirst(pool: string): Promise<void> {
    await untilSpawns(pool, 'a spawn for each', (ids) => {
      return ids.includes(`${pool}-0`) && ids.includes(`${pool}-0~2`);
    });
    await knowsSecond(pool);
    // Nor does the end of the first spawn say anything of the second pod.
    await untilSpawns(pool, 'an end of the first', (ids) => !ids.includes(`${pool}-0`));
    await untilSpawns(pool, 'the other', (ids) => ids.includes(`${pool}-0~2`));
    await knowsSecond(pool);
  }

  it('is waited for while the spawn of the first is not over', async () => {
    const tell = await withSpawn('apart');
    const pod = podsOf('apart');
    await tell(seen([pod({ uid: 'first', version: '10' })]));
    await tell(seen([], { gone: [{ name: 'apart-0', uid: 'first', version: '11' }] }));
    // In a workflow task of its own: the answer to a query comes after those before it.
    await environment.status('apart');
    await tell(seen([pod({ uid: 'second', version: '12' })]));
    await isWaitedForBesideTheFirst('apart');
  });

  it('is waited for when the news of both come one right after the other', async () => {
    const tell = await withSpawn('close');
    const pod = podsOf('close');
    await tell(seen([pod({ uid: 'first', version: '10' })]));
    await tell(seen([], { gone: [{ name: 'close-0', uid: 'first', version: '11' }] }));
    await tell(seen([pod({ uid: 'second', version: '12' })]));
    await isWaitedForBesideTheFirst('close');
  });

  it('is waited for by the spawn of the first when one message tells of both', async () => {
    const tell = await withSpawn('once');
    const pod = podsOf('once');
    await tell(seen([pod({ uid: 'first', version: '10' })]));
    const gone = [{ name: 'once-0', uid: 'first', version: '11' }];
    await tell(seen([pod({ uid: 'second', version: '12' })], { gone }));
    await environment.status('once');
    await untilSpawns('once', 'the one spawn', (ids) => ids.join() === 'once-0');
    await knowsSecond('once');
  });
});
