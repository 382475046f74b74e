import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { spawnDeadlines } from '../../src/pool/deadlines.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, type Environment } from './environment.ts';
import { killKubelet, removeNode } from './lose-node.ts';
import { colocated } from './pod-templates.ts';
import type { PodMoment } from './pod-recorder.ts';

/** A silent node is Unknown after 12 s, and these pods leave it 3 s later. */
const nodeLoss = { gracePeriodSeconds: 12, leaseDurationSeconds: 8 };
const template = colocated({ leaveLostNodeSeconds: 3 });

/** All of that, with the controllers' own periods of up to 10 s, on a busy machine. */
const nodeLossMs = 60_000;

describe('warm pods that are lost', function () {
  this.timeout(180_000);
  let environment: Environment;
  let worker: ManagedProcess;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 20, nodeLoss });
    worker = await environment.startWorker('worker');
  });
  after(() => environment.stop());

  function evict({ name }: PodMoment): Promise<unknown> {
    const body = { metadata: { name } };
    return environment.core.createNamespacedPodEviction({
      namespace: 'default',
      name,
      body,
    });
  }

  const loseNode = ({ node }: PodMoment): Promise<void> =>
    killKubelet(environment.cluster.kubeconfigPath, node ?? '');

  /** Pods of the same pool on the same node: the scheduler may have put several there. */
  function onNodeOf({ pool, node }: PodMoment): PodMoment[] {
    return environment.recorder.of(pool).filter((pod) => pod.node === node && !pod.isDeleted);
  }

  async function untilReplaced(lost: PodMoment[], count: number, timeoutMs: number): Promise<void> {
    for (const { pool, uid } of lost) {
      await environment.untilReplaced(pool, { uid, count, timeoutMs });
    }
  }

  it('are replaced after an eviction', async () => {
    await environment.createPool({ pool: 'evicted', warmTarget: 2, template });
    await environment.untilWarm('evicted', 2, 30_000);
    await environment.recorder.caughtUp();
    const [victim] = environment.recorder.of('evicted');
    assert.ok(victim);
    await evict(victim);
    await environment.untilCreated('evicted', 3);
    await environment.untilWarm('evicted', 2, 30_000);
    const created = await environment.created('evicted');
    assert.equal(created.length, 3);
    assert.equal(environment.recorder.of('evicted')[0]?.isDeleted, true);
    await checkInvariants({ environment, pools: ['evicted'] });
  });

  it('are replaced when their node dies, and its object goes later', async () => {
    const pool = 'node-lost';
    await environment.createPool({ pool, warmTarget: 2, template });
    await environment.untilWarm(pool, 2, 30_000);
    await environment.recorder.caughtUp();
    const [victim] = environment.recorder.of(pool);
    assert.ok(victim);
    const lost = onNodeOf(victim);
    await loseNode(victim);
    await untilReplaced(lost, 2, nodeLossMs);
    await removeNode(environment.cluster.kubeconfigPath, victim.node ?? '');
    // The real garbage collector gives a missing node 40 s to come back.
    await environment.untilWarm(pool, 2, 120_000);
    assert.equal((await environment.created(pool)).length, 2 + lost.length);
    await checkInvariants({ environment, pools: [pool] });
  });

  // The pods that were waited for become Ready, two warm ones are lost, and every deadline of every
  // spawn passes while no worker is there.
  it('are replaced after all workers were away for longer than every timeout of a spawn, and pods that were started before are the same (P5, P12)', async function () {
    const podReadySeconds = 5;
    const { scheduleToCloseMs } = spawnDeadlines({ podReadySeconds }, 1);
    this.timeout(scheduleToCloseMs + 240_000);
    await environment.createPool({ pool: 'steady', warmTarget: 4, template });
    await environment.untilWarm('steady', 4, 30_000);
    // Slower than podReadySeconds: nobody is there when their time is over.
    const late = colocated({ readyDelay: '20s' });
    const limits = { warmTarget: 3, podReadySeconds, template: late };
    await environment.createPool({ pool: 'waiting', ...limits });
    const waiting = await environment.untilCreated('waiting', 3);
    await worker.kill();
    await environment.recorder.caughtUp();
    const [evicted, onLostNode] = environment.recorder.of('steady');
    assert.ok(evicted && onLostNode);
    const lost = onNodeOf(onLostNode).filter(({ uid }) => uid !== evicted.uid);
    await evict(evicted);
    await loseNode(onLostNode);
    await sleep(scheduleToCloseMs + 5_000);
    assert.equal((await environment.created('steady')).length, 4);

    await environment.startWorker('back');
    await environment.untilWarm('waiting', 3, 60_000);
    assert.deepEqual(await environment.created('waiting'), waiting);
    assert.equal((await environment.status('waiting')).failures.consecutive, 0);
    await untilReplaced(lost, 4, 60_000);
    assert.equal((await environment.created('steady')).length, 4 + 1 + lost.length);
    await checkInvariants({ environment, pools: ['steady', 'waiting'] });
  });
});
