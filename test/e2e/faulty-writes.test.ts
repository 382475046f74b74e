/** Creates and deletes that fail, and a watch that stays silent, between the worker and the API server. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { setTargetSignal, workflowTypes } from '../../src/workflows/messages.ts';
import { defaultTaskQueue } from '../../src/workflows/task-queue.ts';
import { atOnce } from './at-once.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { playedByTest, playReady } from './play-pods.ts';
import { colocated } from './pod-templates.ts';

const failuresMs = 60_000;

/** A watch that tells nothing is given up after 45 s; the rest is for the list and the pool. */
const silenceEndsMs = 75_000;

describe('writes that fail', function () {
  this.timeout(240_000);
  let environment: Environment;
  let proxy: FaultProxy;
  let api: ApiReplica;
  const workers: ManagedProcess[] = [];

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    proxy = await startFaultProxy(environment.cluster.kubeconfigPath);
    workers.push(await environment.startWorker('worker', proxy));
    api = await environment.startApi('api');
  });
  after(async () => {
    await environment.stop();
    await proxy.stop();
  });

  /** Refuses the first three such writes for a pool; tells how many it has refused. */
  function refuseThree(pool: string, method: string): () => number {
    let refused = 0;
    // Asked only while some of the three are left, so each match is a refusal.
    proxy.refuse((request) => {
      const isOne = request.method === method && request.podName.startsWith(`${pool}-`);
      if (isOne) refused += 1;
      return isOne;
    }, 3);
    return () => refused;
  }

  async function someFailAndOneIsSlow(): Promise<void> {
    const pool = 'mixed';
    const refused = refuseThree(pool, 'POST');
    const template = colocated({ fault: playedByTest });
    await environment.createPool({ pool, warmTarget: 10, template });
    await environment.untilCreated(pool, 10);
    assert.equal(refused(), 3);
    const slow = environment.recorder.of(pool).at(4)?.uid ?? '';
    await until({
      what: 'nine of ten warm',
      timeoutMs: failuresMs,
      ask: async () => {
        await playReady(environment, pool, new Set([slow]));
        return environment.status(pool);
      },
      holds: ({ warm, pending }) => warm === 9 && pending === 1,
    });
    const { failures } = await environment.status(pool);
    assert.equal(failures.consecutive, 0, 'the template is charged with nothing');
    await playReady(environment, pool);
    await environment.untilWarm(pool, 10, failuresMs);
    assert.equal((await environment.created(pool)).length, 10);
    await checkInvariants({ environment, pools: [pool] });
  }

  async function deletesFailAndTheWorkerDies(): Promise<void> {
    const pool = 'deleted';
    await environment.createPool({ pool, warmTarget: 2, template: colocated() });
    await environment.untilWarm(pool, 2, failuresMs);
    const refused = refuseThree(pool, 'DELETE');
    await environment.client.workflow
      .getHandle(poolWorkflowId(pool))
      .signal(setTargetSignal, { target: 1 });
    await until({
      what: 'three refused deletes',
      timeoutMs: failuresMs,
      ask: () => Promise.resolve(refused()),
      holds: (count) => count >= 3,
    });
    await workers.at(-1)?.kill();
    workers.push(await environment.startWorker('successor', proxy));
    await until({
      what: 'one pod that is left',
      // A retirement is given to another worker after its heartbeat timeout of 10 s.
      timeoutMs: 50_000,
      ask: () => Promise.resolve(environment.recorder.of(pool)),
      holds: (pods) => pods.filter((pod) => !pod.isDeleted).length === 1,
    });
    assert.equal((await environment.created(pool)).length, 2);
    await checkInvariants({ environment, pools: [pool] });
  }

  async function aClaimComesFirst(): Promise<void> {
    const pool = 'claimed-first';
    await environment.createPool({ pool, warmTarget: 1, template: colocated() });
    await environment.untilWarm(pool, 1, failuresMs);
    await until({
      what: 'a warm pod at the API',
      timeoutMs: failuresMs,
      ask: () => api.client.pools(),
      holds: (pools) => pools.some((known) => known.pool === pool && known.warm === 1),
    });
    const held = proxy.hold(
      ({ method, podName }) => method === 'DELETE' && podName.startsWith(`${pool}-`),
    );
    const setTarget = (target: number): Promise<void> =>
      environment.client.workflow
        .getHandle(poolWorkflowId(pool))
        .signal(setTargetSignal, { target });
    await setTarget(0);
    await until({
      what: 'a delete on its way',
      timeoutMs: failuresMs,
      ask: () => Promise.resolve(held.count),
      holds: (count) => count > 0,
    });
    const { hit, pod } = await api.client.claim(pool, { renews: false, waitSeconds: 0 });
    assert.ok(hit);
    held.release();
    await until({
      what: 'a claimed pod that nobody retires',
      timeoutMs: failuresMs,
      ask: () => environment.status(pool),
      holds: ({ claimed, retiring }) => claimed === 1 && retiring === 0,
    });
    await setTarget(1);
    await environment.untilWarm(pool, 1, failuresMs);
    assert.equal((await environment.created(pool)).length, 2);
    const claimed = environment.recorder.of(pool).find(({ uid }) => uid === pod.uid);
    assert.deepEqual([claimed?.isTerminating, claimed?.isDeleted], [false, false]);
    await checkInvariants({ environment, pools: [pool] });
  }

  atOnce({
    'S11 of ten spawns three creates fail and one pod is slow: the others are warm meanwhile, and no eleventh is created (P1, P7)':
      someFailAndOneIsSlow,
    'S20 a delete that fails three times before the worker dies is made good by the next, once':
      deletesFailAndTheWorkerDies,
    "S20 a pod whose delete is on its way stays when a claim comes first, and is the claim's (P2, P3)":
      aClaimComesFirst,
  });

  // Once a watcher that had lost its place for a moment ended all clean-up for good.
  it('S22, S65 see within a minute what a silent watch and a forgotten version have missed, once (P1)', async () => {
    const pool = 'watched';
    await environment.createPool({ pool, warmTarget: 3, template: colocated() });
    await environment.untilWarm(pool, 3, failuresMs);
    const [first, second, third] = environment.recorder.of(pool);
    proxy.holdWatches();
    await deletePod(first?.name);
    await sleep(5_000);
    assert.equal((await environment.created(pool)).length, 3, 'nobody was told');
    await untilCreated(pool, 4, silenceEndsMs);
    await deletePod(second?.name);
    proxy.expireWatches();
    await untilCreated(pool, 5, failuresMs);
    proxy.releaseWatches();
    await environment.untilWarm(pool, 3, failuresMs);
    // While the process that watched is dead and its successor has not been told yet.
    const watching = workers.at(-1);
    workers.push(await environment.startWorker('second'));
    await watching?.kill();
    await deletePod(third?.name);
    await untilCreated(pool, 6, failuresMs);
    await environment.untilWarm(pool, 3, failuresMs);
    const { warm, pending, claimed } = await environment.status(pool);
    assert.deepEqual([warm, pending, claimed], [3, 0, 0]);
    assert.equal((await environment.created(pool)).length, 6);
    await checkInvariants({ environment, pools: [pool] });
  });

  it('S22 two watchers that report everything twice, one of them late, make and end no pod more (P1)', async () => {
    const pool = 'watched-twice';
    workers.push(await environment.startWorker('late', proxy));
    const twins = await Promise.all(
      Array.from({ length: 3 }, (_, index) =>
        environment.client.workflow.start(workflowTypes.watch, {
          workflowId: `watch-twin-${index}`,
          taskQueue: defaultTaskQueue,
          args: [{ namespace: 'default' }],
        }),
      ),
    );
    await environment.createPool({ pool, warmTarget: 4, template: colocated() });
    await environment.untilWarm(pool, 4, failuresMs);
    for (let lost = 0; lost < 3; lost += 1) {
      proxy.holdWatches();
      await deletePod(environment.recorder.of(pool)[lost]?.name);
      await sleep(500);
      proxy.releaseWatches();
      await untilCreated(pool, 5 + lost, failuresMs);
    }
    await environment.untilWarm(pool, 4, failuresMs);
    assert.equal((await environment.created(pool)).length, 7);
    await Promise.all(twins.map((twin) => twin.terminate()));
    await checkInvariants({ environment, pools: [pool] });
  });

  async function untilCreated(pool: string, count: number, timeoutMs: number): Promise<void> {
    await until({
      what: `${count} pods of ${pool}`,
      timeoutMs,
      ask: () => environment.created(pool),
      holds: (uids) => uids.length >= count,
    });
  }

  async function deletePod(name = ''): Promise<void> {
    await environment.core.deleteNamespacedPod({ name, namespace: 'default' });
  }
});
