/** Pools whose pods fail, are taken away or are misjudged again and again. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { atOnce } from './at-once.ts';
import { changePool } from './change-pool.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { colocated } from './pod-templates.ts';
import { runCli } from './run-cli.ts';
import { untilOffered } from './until-offered.ts';

/**
 * A minute of the test stands for an hour: these are a sixtieth of the defaults (300 s to be Ready,
 * probes after 60 to 600 s), but for the first back-off, which is a second for a sixth of one.
 */
const minuteForAnHour = {
  podReadySeconds: 5,
  settings: { failure: { backOffSeconds: 1, probeSeconds: 1, maxProbeSeconds: 10 } },
};

/** In the middle of the probes. */
const killAfterMs = 25_000;

describe('storms', function () {
  this.timeout(240_000);
  let environment: Environment;
  let proxy: FaultProxy;
  let api: ApiReplica;
  const workers: ManagedProcess[] = [];
  /** Whether the worker takes every pod of pool `judged` for one that is not Ready. */
  let isMisjudged = false;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    proxy = await startFaultProxy(environment.cluster.kubeconfigPath);
    proxy.showPods(({ metadata, status }) => {
      if (!isMisjudged || metadata?.labels?.['pilotlight.dev/pool'] !== 'judged') return;
      for (const condition of status?.conditions ?? []) {
        if (condition.type === 'Ready') condition.status = 'False';
      }
    });
    workers.push(await environment.startWorker('worker', proxy));
    api = await environment.startApi('api');
  });
  after(async () => {
    await environment.stop();
    await proxy.stop();
  });

  const untilStatus = (
    pool: string,
    what: string,
    holds: (status: PoolStatus) => boolean,
    timeoutMs = 60_000,
  ): Promise<PoolStatus> => until({ what, timeoutMs, ask: () => environment.status(pool), holds });

  // A fleet with a wrong image name once made 1.27 million pods in 25 hours.
  async function badImageForAnHour(): Promise<void> {
    const pool = 'bad-image';
    const warmTarget = 6;
    const template = colocated({ fault: 'image-pull' });
    const startedAtMs = Date.now();
    await environment.createPool({ pool, warmTarget, template, ...minuteForAnHour });
    await sleep(killAfterMs);
    const before = await environment.status(pool);
    await workers[0]?.kill();
    workers.push(await environment.startWorker('after-kill', proxy));
    assert.notEqual(before.failures.breaker, 'closed');
    await sleep(startedAtMs + 60_000 - Date.now());
    const created = (await environment.created(pool)).length;
    assert.ok(created <= warmTarget + 12, `${created} created in an hour`);
    assert.ok(created >= warmTarget + 5, `${created} created: probes go on`);
    const { failures, phase } = await untilStatus(
      pool,
      'the longest wait between probes',
      ({ failures: { nextAttemptAtMs, lastAtMs, breaker } }) =>
        breaker === 'open' && (nextAttemptAtMs ?? 0) - (lastAtMs ?? 0) >= 8_000,
    );
    assert.ok(failures.consecutive >= before.failures.consecutive + 2, 'the kill forgot nothing');
    assert.ok((failures.nextAttemptAtMs ?? 0) - (failures.lastAtMs ?? 0) <= 10_000);
    assert.equal(phase, 'Degraded');
    await saysWhy(pool, failures);
    await mendedByAGoodTemplate(pool, warmTarget);
  }

  /** S52: for people and for programs, with Temporal or without. */
  async function saysWhy(pool: string, failures: PoolStatus['failures']): Promise<void> {
    const said = await runCli({ environment, args: ['describe', 'pool', pool] });
    const sinceAt = new Date(failures.sinceMs ?? 0).toISOString();
    for (const expected of [
      /^Why: +Pods of template e2e do not start: ImagePullBackOff: .*Back-off pulling image/m,
      new RegExp(`^Failing since: +${sinceAt}$`, 'm'),
      /^Last failure: +ImagePullBackOff: /m,
      /^Next attempt: +\d{4}-/m,
    ]) {
      assert.match(said.stdout, expected);
    }
    const [shown] = (await api.client.pools()).filter((known) => known.pool === pool);
    assert.equal(shown?.phase, 'Degraded');
  }

  async function mendedByAGoodTemplate(pool: string, warmTarget: number): Promise<void> {
    const before = (await environment.created(pool)).length;
    await changePool({ environment, pool, template: colocated(), templateHash: 'good' });
    await environment.untilWarm(pool, warmTarget, 60_000);
    const mended = await environment.status(pool);
    assert.deepEqual([mended.phase, mended.failures.breaker], ['Steady', 'closed']);
    assert.equal(mended.failures.consecutive, 0);
    // One more probe of the bad image may have been made before the good one was there.
    assert.ok((await environment.created(pool)).length <= before + 1 + warmTarget);
    await checkInvariants({ environment, pools: [pool] });
  }

  async function evictedAgainAndAgain(): Promise<void> {
    const pool = 'evicted';
    await environment.createPool({ pool, warmTarget: 2, template: colocated() });
    await environment.untilWarm(pool, 2, 60_000);
    const evicted = new Set<string>();
    const endsAtMs = Date.now() + 20_000;
    while (Date.now() < endsAtMs) {
      const victim = environment.recorder
        .of(pool)
        .find((pod) => pod.isReady && !pod.isTerminating && !pod.isDeleted);
      if (victim !== undefined && !evicted.has(victim.uid)) {
        evicted.add(victim.uid);
        await evict(victim.name);
      }
      await sleep(250);
    }
    // At once the storm would have cost a pod every quarter of a second.
    assert.ok(evicted.size >= 3 && evicted.size <= 14, `${evicted.size} evicted`);
    // The pool may not have heard of the last one yet, and would still call itself full.
    await untilStatus(pool, 'every eviction', (now) => now.disturbances.count === evicted.size);
    await environment.untilWarm(pool, 2, 90_000);
    assert.equal((await environment.created(pool)).length, 2 + evicted.size);
    const { failures, disturbances } = await environment.status(pool);
    assert.equal(failures.consecutive, 0);
    assert.equal(disturbances.count, evicted.size);
    await checkInvariants({ environment, pools: [pool] });
  }

  function evict(name: string): Promise<unknown> {
    const body = { metadata: { name } };
    return environment.core.createNamespacedPodEviction({
      namespace: 'default',
      name,
      body,
    });
  }

  async function misjudged(): Promise<void> {
    const pool = 'judged';
    await environment.createPool({
      ...{ pool, warmTarget: 6, template: colocated() },
      settings: { unreadySeconds: 5 },
    });
    await environment.untilWarm(pool, 6, 60_000);
    await untilOffered({ api, pool, count: 6, timeoutMs: 20_000 });
    const held = await api.client.claim(pool, { renews: false, waitSeconds: 10 });
    await environment.untilWarm(pool, 6, 60_000);
    isMisjudged = true;
    const before = environment.recorder.of(pool);
    for (const { name } of before) await touch(name);
    await untilStatus(pool, 'nothing warm', ({ warm }) => warm === 0);
    await sleep(45_000);
    await environment.recorder.caughtUp();
    const ended = environment.recorder.of(pool).filter((pod) => pod.isDeleted || pod.isTerminating);
    // Two a minute, or a quarter: of 9 that are there at most, the claimed and the ending ones included.
    assert.ok(ended.length >= 2 && ended.length <= 3, `${ended.length} ended`);
    assert.ok(ended.every(({ uid }) => uid !== held.pod.uid));
    isMisjudged = false;
    for (const { name, isDeleted } of environment.recorder.of(pool))
      if (!isDeleted) await touch(name);
    await environment.untilWarm(pool, 6, 60_000);
    await api.client.release(held.claimId);
    await checkInvariants({ environment, pools: [pool], released: new Set([held.pod.uid]) });
  }

  /** Changes a pod, so that it is read anew. */
  async function touch(name: string): Promise<void> {
    await environment.connection.send({
      method: 'PATCH',
      path: `/api/v1/namespaces/default/pods/${name}`,
      body: { metadata: { annotations: { touched: String(Date.now()) } } },
      contentType: 'application/merge-patch+json',
    });
  }

  atOnce({
    'S06 a bad image for an hour costs at most target + 12 pods, through kill -9, and a good one starts clean; S52 status says why, since when and when next (P10)':
      badImageForAnHour,
    'S53 pods that are evicted again and again are replaced ever more slowly, and charged to nobody':
      evictedAgainAndAgain,
    'S24 a worker that judges every pod not Ready ends two or three a minute, and none that is claimed (P3)':
      misjudged,
  });
});
