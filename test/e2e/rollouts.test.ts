/**
 * Rollouts whose worker is killed with -9, each in another phase. A fault proxy holds every rollout in
 * its phase until all are there, so that one kill meets them all.
 */
import assert from 'node:assert/strict';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import type { PoolSpec } from '../../src/pool/pool-spec.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { changePool } from './change-pool.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { leastWarm } from './least-warm.ts';
import { mostLive } from './most-live.ts';
import { colocated } from './pod-templates.ts';
import type { Held } from './proxy-faults.ts';

const warmTarget = 3;
const finalizer = 'pilotlight.example/held-by-the-test';

/** From the kill to the last replaced pod: heartbeat timeouts of 10 s, then three pods one by one. */
const rolloutMs = 90_000;

/** A pool whose rollout is killed in one phase. */
interface Case {
  pool: string;
  phase: string;
  settings?: Partial<PoolSpec>;
  template?: V1PodTemplateSpec;
  podReadySeconds?: number;
}

const cases: Case[] = [
  { pool: 'applied', phase: 'right after apply, before the first new pod is created' },
  { pool: 'surged', phase: 'after the new pod is warm, before the stale one is deleted' },
  { pool: 'ending', phase: 'while the stale one is being deleted' },
  {
    pool: 'lacking',
    phase: 'with maxUnavailable 1, after a stale pod went and before its replacement is created',
    settings: { rollout: { maxSurge: 0, maxUnavailable: 1 } },
  },
  { pool: 'last', phase: 'at its end, while the last stale pods go' },
  {
    pool: 'stopped',
    phase: 'after it stopped by itself, because new pods crash',
    template: colocated({ fault: 'crash-loop' }),
    podReadySeconds: 5,
    settings: { failure: { backOffSeconds: 1, probeSeconds: 1, maxProbeSeconds: 10 } },
  },
  {
    pool: 'starting',
    phase: 'while the new pod is starting',
    template: colocated({ readyDelay: '6s' }),
  },
];

describe('rollouts killed with -9', function () {
  this.timeout(240_000);
  let environment: Environment;
  let proxy: FaultProxy;
  let worker: ManagedProcess;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    proxy = await startFaultProxy(environment.cluster.kubeconfigPath);
    worker = await environment.startWorker('worker', proxy);
    await Promise.all(cases.map(fill));
    const held = cases.filter(({ pool }) => pool !== 'starting');
    const reached = await Promise.all(held.map(reachPhase));
    // Nothing but time holds the last one in its phase.
    await Promise.all(cases.filter(({ pool }) => pool === 'starting').map(reachPhase));
    await worker.kill();
    // While nobody is there.
    await letGo('last');
    for (const hold of reached) hold?.release();
    await environment.startWorker('successor');
  });
  after(async () => {
    await environment.stop();
    await proxy.stop();
  });

  async function fill({ pool, podReadySeconds = 300, settings = {} }: Case): Promise<void> {
    const template = colocated();
    await environment.createPool({ pool, warmTarget, template, podReadySeconds, settings });
    await environment.untilWarm(pool, warmTarget, 60_000);
    await environment.recorder.caughtUp();
  }

  /** Brings a rollout to its phase; what holds it there is returned. */
  async function reachPhase({ pool, template = colocated() }: Case): Promise<Held | null> {
    const change = (): Promise<void> =>
      changePool({ environment, pool, template, templateHash: 'new' });
    const isCreate = (podName: string, method: string): boolean =>
      method === 'POST' && podName.startsWith(`${pool}-`);
    switch (pool) {
      case 'applied':
      case 'lacking': {
        const held = proxy.hold(({ method, podName }) => isCreate(podName, method));
        await change();
        await untilHeld(pool, held);
        return held;
      }
      case 'surged': {
        const held = proxy.hold(
          ({ method, podName }) => method === 'DELETE' && podName.startsWith(`${pool}-`),
        );
        await change();
        await untilHeld(pool, held);
        return held;
      }
      case 'ending': {
        await hold(pool);
        // The first new pod comes, the second does not.
        const second = `${pool}-${warmTarget + 1}`;
        const held = proxy.hold(({ method, podName }) => method === 'POST' && podName === second);
        await change();
        await untilHeld(pool, held);
        await untilTerminating(pool, 1);
        return held;
      }
      case 'last':
        await hold(pool);
        await change();
        await untilTerminating(pool, warmTarget);
        return null;
      case 'stopped':
        await change();
        await untilStatus(pool, ({ failures, warm }) => failures.consecutive > 0 && warm === 3);
        return null;
      default:
        await change();
        await environment.untilCreated(pool, warmTarget + 1);
        return null;
    }
  }

  for (const { pool, phase, settings } of cases) {
    it(`S56 go on from ${phase}: never too few warm, none too many (P1, P5)`, async () => {
      const { maxSurge, maxUnavailable } = settings?.rollout ?? { maxSurge: 1, maxUnavailable: 0 };
      const isBad = pool === 'stopped';
      if (isBad) await mend(pool);
      if (pool === 'ending') {
        await untilTerminating(pool, warmTarget);
        await letGo(pool);
      }
      await untilStatus(
        pool,
        ({ stale, warm, retiring, pending }) =>
          stale + retiring + pending === 0 && warm === warmTarget,
      );
      const created = await environment.created(pool);
      if (!isBad) assert.equal(created.length, 2 * warmTarget);
      const moments = environment.recorder.moments(pool);
      const least = leastWarm({ moments, count: warmTarget });
      assert.ok(least >= warmTarget - maxUnavailable, `${least} warm`);
      const most = mostLive(moments);
      assert.ok(most <= warmTarget + maxSurge, `${most} live`);
      assert.deepEqual(await templatesOf(pool), Array(warmTarget).fill(isBad ? 'mended' : 'new'));
      await checkInvariants({ environment, pools: [pool] });
    });
  }

  /** S57: what stopped it is remembered, and a good template ends it. */
  async function mend(pool: string): Promise<void> {
    const { phase, why, stale, warm } = await environment.status(pool);
    assert.equal(phase, 'Degraded');
    assert.match(why, /CrashLoopBackOff/);
    assert.deepEqual([warm, stale], [warmTarget, warmTarget]);
    await changePool({ environment, pool, template: colocated(), templateHash: 'mended' });
  }

  const untilStatus = (pool: string, holds: (status: PoolStatus) => boolean): Promise<PoolStatus> =>
    until({
      what: `the phase or the end of the rollout of ${pool}`,
      timeoutMs: rolloutMs,
      ask: () => environment.status(pool),
      holds,
    });

  const untilHeld = (pool: string, held: Held): Promise<number> =>
    until({
      what: `a request that is held of ${pool}`,
      timeoutMs: 60_000,
      ask: () => Promise.resolve(held.count),
      holds: (count) => count > 0,
    });

  const untilTerminating = (pool: string, count: number): Promise<unknown> =>
    until({
      what: `${count} pods of ${pool} being deleted`,
      timeoutMs: rolloutMs,
      ask: () => Promise.resolve(environment.recorder.of(pool)),
      holds: (pods) => pods.filter((pod) => pod.isTerminating && !pod.isDeleted).length === count,
    });

  /** Keeps the pods that are there from ending, and `letGo` no longer. */
  const hold = (pool: string): Promise<void> => setFinalizers(pool, [finalizer]);
  const letGo = (pool: string): Promise<void> => setFinalizers(pool, []);

  async function setFinalizers(pool: string, finalizers: string[]): Promise<void> {
    const pods = environment.recorder.of(pool).slice(0, warmTarget);
    for (const { name } of pods) {
      await environment.connection.send({
        method: 'PATCH',
        path: `/api/v1/namespaces/default/pods/${name}`,
        body: { metadata: { finalizers } },
        contentType: 'application/merge-patch+json',
      });
    }
  }

  async function templatesOf(pool: string): Promise<(string | undefined)[]> {
    const { items } = await environment.core.listNamespacedPod({
      namespace: 'default',
      labelSelector: `pilotlight.dev/pool=${pool}`,
    });
    return items.map(({ metadata }) => metadata?.labels?.['pilotlight.dev/template']);
  }
});
