import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated, exclusive } from './pod-templates.ts';
import { pendingSpawns, toMs } from './pool-history.ts';

const nodeDelaySeconds = Number(process.env['PILOTLIGHT_NODE_DELAY_SECONDS'] ?? 20);
const fillTimeoutMs = nodeDelaySeconds * 1000 + 60_000;

/** A worker that ends hands its waits over within a second; without that they wait 10 s. */
const handOverMs = 3_000;

describe('a fill of six exclusive pods whose nodes come late', function () {
  this.timeout(2 * fillTimeoutMs + 120_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds });
  });
  after(() => environment.stop());

  // A service's pool of six large pods sat at 1 of 6 after each deploy: every restart dropped the
  // waits under way, and pools of small pods, which fill in seconds, hid it.
  it('ends with the first six pods after kill -9, twice, and delays no other pool (P1, P5, P7)', async () => {
    let worker = await environment.startWorker('first');
    await environment.createPool({ pool: 'large', warmTarget: 6, template: exclusive() });
    const first = await environment.untilCreated('large', 6);
    for (const pool of ['small-a', 'small-b']) {
      await environment.createPool({ pool, warmTarget: 3, template: colocated() });
    }
    await environment.untilWarm('small-a', 3, 10_000);
    await environment.untilWarm('small-b', 3, 10_000);
    for (const name of ['second', 'third']) {
      await worker.kill();
      await sleep(1_000);
      worker = await environment.startWorker(name);
      await sleep(2_000);
    }
    await environment.untilWarm('large', 6, fillTimeoutMs);
    assert.deepEqual(await environment.created('large'), first);
    assert.equal(environment.recorder.of('large').filter((pod) => pod.isReady).length, 6);
    assert.equal(environment.recorder.uids('small-a').length, 3);
    await checkInvariants({ environment, pools: ['large', 'small-a', 'small-b'] });
    await worker.stop();
  });

  it('hands over within seconds when both workers are replaced one by one: same six pods (P5)', async () => {
    const pool = 'rolling';
    const one = await environment.startWorker('one');
    const two = await environment.startWorker('two');
    await environment.createPool({ pool, warmTarget: 6, template: exclusive() });
    const first = await environment.untilCreated(pool, 6);
    await until({
      what: 'heartbeats of six spawns',
      timeoutMs: 20_000,
      ask: () => pendingSpawns(environment.client, pool),
      holds: (spawns) => spawns.length === 6 && spawns.every((spawn) => spawn.lastHeartbeatTime),
    });
    assert.ok((await endsAndHandsOver(one, pool)) + (await heldBy(two, pool)).length >= 6);
    const three = await environment.startWorker('three');
    assert.ok((await endsAndHandsOver(two, pool)) > 0, 'the second worker held a spawn');
    const four = await environment.startWorker('four');
    await environment.untilWarm(pool, 6, fillTimeoutMs);
    assert.deepEqual(await environment.created(pool), first);
    assert.equal((await environment.status(pool)).failures.consecutive, 0);
    await checkInvariants({ environment, pools: [pool] });
    await Promise.all([three.stop(), four.stop()]);
  });

  /** Activities whose latest attempt a worker has; its identity begins with its process id. */
  async function heldBy(worker: ManagedProcess, pool: string): Promise<string[]> {
    const spawns = await pendingSpawns(environment.client, pool);
    return spawns
      .filter(({ lastWorkerIdentity }) => lastWorkerIdentity?.startsWith(`${worker.pid}@`))
      .map(({ activityId }) => activityId ?? '');
  }

  /** Ends a worker by SIGTERM; asserts that each of its spawns is soon tried elsewhere. */
  async function endsAndHandsOver(worker: ManagedProcess, pool: string): Promise<number> {
    const held = await heldBy(worker, pool);
    const endedAtMs = Date.now();
    worker.signal('SIGTERM');
    const spawns = await until({
      what: `a new attempt of ${held.join(', ')}`,
      timeoutMs: handOverMs,
      ask: () => pendingSpawns(environment.client, pool),
      holds: (all) =>
        all.every(
          ({ activityId, attempt, lastStartedTime }) =>
            !held.includes(activityId ?? '') ||
            ((attempt ?? 0) > 1 && toMs(lastStartedTime) >= endedAtMs),
        ),
    });
    assert.equal(spawns.length, 6, 'no spawn has ended, for no node is there yet');
    for (const { activityId, lastFailure } of spawns) {
      if (!held.includes(activityId ?? '')) continue;
      assert.equal(lastFailure?.applicationFailureInfo?.type, 'HandOver');
    }
    await worker.stop();
    return held.length;
  }
});
