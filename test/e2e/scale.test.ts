import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { pendingSpawns, readPoolHistory } from './pool-history.ts';

/**
 * How long a thousand pods are pending. 30 s are three heartbeat timeouts, enough to lose beats in;
 * PILOTLIGHT_PENDING_SECONDS=180 plays the nodes of the story at their real pace.
 */
const pendingSeconds = Number(process.env['PILOTLIGHT_PENDING_SECONDS'] ?? 30);

/** A thousand pods are created in some 10 s on an idle machine, and in over 45 s were on a busy one. */
const createAllMs = 75_000;

describe('many pods', function () {
  this.timeout(180_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
    await environment.startWorker('worker');
  });
  after(() => environment.stop());

  it('fill 20 pools of 25 at once with exactly 500 creates (P1, P7)', async () => {
    const pools = Array.from({ length: 20 }, (_, index) => `twenty-${index}`);
    const options = { warmTarget: 25, template: colocated() };
    await Promise.all(pools.map((pool) => environment.createPool({ pool, ...options })));
    await Promise.all(pools.map((pool) => environment.untilWarm(pool, 25, 90_000)));
    await environment.recorder.caughtUp();
    const counts = pools.map((pool) => environment.recorder.uids(pool).length);
    assert.deepEqual(
      counts,
      pools.map(() => 25),
    );
    await checkInvariants({ environment, pools });
  });

  it('fill a pool of 300 with exactly 300 creates (P1)', async () => {
    const pool = 'three-hundred';
    await environment.createPool({ pool, warmTarget: 300, template: colocated() });
    await environment.untilWarm(pool, 300, 90_000);
    assert.equal((await environment.created(pool)).length, 300);
    await checkInvariants({ environment, pools: [pool] });
  });
});

describe('a thousand pods pending at once', function () {
  this.timeout(pendingSeconds * 1000 + 240_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
    await environment.startWorker('worker');
  });
  after(() => environment.stop());

  it('lose no heartbeat and no workflow task (P5, P9)', async () => {
    const pool = 'thousand';
    const readyDelay = `${pendingSeconds + createAllMs / 1000}s`;
    const template = colocated({ readyDelay });
    const limits = { warmTarget: 1000, maxPods: 1000, podReadySeconds: 600 };
    await environment.createPool({ pool, ...limits, template });
    await until({
      what: '1,000 pods',
      timeoutMs: createAllMs,
      ask: () => environment.created(pool),
      holds: (uids) => uids.length === 1000,
    });
    const endMs = Date.now() + pendingSeconds * 1000;
    while (Date.now() < endMs) {
      await sleep(5_000);
      const spawns = await pendingSpawns(environment.client, pool);
      const again = spawns.filter(({ attempt }) => (attempt ?? 1) > 1);
      assert.deepEqual(again, [], 'no spawn is tried again');
      assert.equal(spawns.length, 1000);
    }
    await environment.untilWarm(pool, 1000, 2 * createAllMs);
    const { events } = await readPoolHistory(environment.client, pool);
    const lost = events.filter(
      (event) =>
        event.activityTaskTimedOutEventAttributes ??
        event.workflowTaskTimedOutEventAttributes ??
        (event.activityTaskStartedEventAttributes?.attempt ?? 1) > 1,
    );
    assert.deepEqual(lost, []);
    assert.equal((await environment.created(pool)).length, 1000);
    await checkInvariants({ environment, pools: [pool] });
  });
});
