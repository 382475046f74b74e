import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { ClaimLostError } from '../../src/client/pilotlight-error.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { pauseSignal, resumeSignal, setTargetSignal } from '../../src/workflows/messages.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { readPoolHistory } from './pool-history.ts';
import { colocated } from './pod-templates.ts';

/**
 * Claims that are renewed together, and how often each. The watcher passes a renewal over by itself,
 * whatever else is renewed, so 300 by 4 show the same as 1,000 by one, and the pool fills in seconds.
 */
const leases = 300;
const rounds = 4;

/** Calls of the test at once: more would only queue at the API server. */
const callsAtOnce = 32;

/** Makes a call for each item, a few at once; the answers are in no order. */
async function inTurns<T, R>(items: T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const left = items.values();
  const answers: R[] = [];
  const caller = async (): Promise<void> => {
    for (const item of left) answers.push(await call(item));
  };
  await Promise.all(Array.from({ length: callsAtOnce }, caller));
  return answers;
}

describe('leases', function () {
  this.timeout(240_000);
  let environment: Environment;
  let api: ApiReplica;
  let worker: ManagedProcess;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    worker = await environment.startWorker('worker');
    api = await environment.startApi('api');
  });
  after(() => environment.stop());

  const createPool = async (pool: string, warmTarget: number, leaseSeconds: number) => {
    const template = colocated();
    await environment.createPool({ pool, warmTarget, template, leaseSeconds });
    await environment.untilWarm(pool, warmTarget, 60_000);
    await until({
      what: `pool ${pool} at the API`,
      timeoutMs: 10_000,
      ask: () => api.client.pools(),
      holds: (pools) => pools.some((known) => known.pool === pool && known.warm === warmTarget),
    });
  };
  const isDeleted = (pool: string, uid: string): boolean =>
    environment.recorder.moments(pool).some((moment) => moment.uid === uid && moment.isDeleted);
  const endOf = (lease: { expiresAt: string } | null): number =>
    Date.parse(lease?.expiresAt ?? 'never');

  it('end within 10 s of their time, and never while they are renewed in their last moment (P3)', async () => {
    await createPool('ends', 2, 6);
    const renewed = await api.client.claim('ends', { renews: false });
    const forgotten = await api.client.claim('ends', { renews: false });
    let endsAtMs = endOf(renewed.lease);
    const forgottenEndsAtMs = endOf(forgotten.lease);
    let isForgottenGone = false;
    // Five leases long, each renewed 100 ms before it is over.
    for (let round = 0; round < 5; round += 1) {
      await sleep(Math.max(0, endsAtMs - 100 - Date.now()));
      const answer = await api.client.renew(renewed.claimId);
      endsAtMs = endOf(answer.lease);
      if (!isForgottenGone && isDeleted('ends', forgotten.pod.uid)) {
        isForgottenGone = true;
        assert.ok(Date.now() > forgottenEndsAtMs, 'no lease is cut short');
      }
    }
    assert.equal(isDeleted('ends', renewed.pod.uid), false);
    await until({
      what: 'the end of the forgotten claim',
      timeoutMs: 5_000,
      ask: () => Promise.resolve(isDeleted('ends', forgotten.pod.uid)),
      holds: (gone) => gone,
    });
    const deletedAtMs = environment.recorder
      .moments('ends')
      .find(({ uid, isDeleted: gone }) => uid === forgotten.pod.uid && gone)?.atMs;
    assert.ok(deletedAtMs !== undefined);
    const lateMs = deletedAtMs - forgottenEndsAtMs;
    assert.ok(lateMs > 0 && lateMs < 10_000, `it was ended ${lateMs} ms after its lease`);
    await assert.rejects(api.client.renew(forgotten.claimId), ClaimLostError);
    await api.client.release(renewed.claimId);
    await checkInvariants({
      environment,
      pools: ['ends'],
      released: new Set([renewed.pod.uid]),
    });
  });

  it('cost the pool no event when they are renewed, 1,200 times in all (P9)', async () => {
    const pool = 'many';
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    const sizes = { warmTarget: leases, maxPods: leases };
    const template = colocated();
    await environment.createPool({ pool, ...sizes, template, leaseSeconds: 600 });
    await environment.untilWarm(pool, leases, 90_000);
    // Nothing is started in place of the pods that are claimed, or the test would last twice as long.
    await handle.signal(pauseSignal);
    const all = Array.from({ length: leases }, () => null);
    const claims = await inTurns(all, () =>
      api.client.claim(pool, { claimId: null, renews: false, waitSeconds: 30 }),
    );
    await handle.signal(setTargetSignal, 0);
    await handle.signal(resumeSignal);
    await until({
      what: 'a running pool with all pods claimed',
      timeoutMs: 20_000,
      ask: () => environment.status(pool),
      holds: ({ phase, claimed }) => phase === 'Steady' && claimed === leases,
    });
    await sleep(2_000);
    const before = (await readPoolHistory(environment.client, pool)).events.length;
    for (let round = 0; round < rounds; round += 1) {
      await inTurns(claims, ({ claimId }) => api.client.renew(claimId));
    }
    await sleep(2_000);
    const after = (await readPoolHistory(environment.client, pool)).events.length;
    // A list is due within the minute, and a card may be published: 10 events, not 1,200 renewals.
    assert.ok(after - before <= 20, `${after - before} events for ${rounds * leases} renewals`);
    await inTurns(claims, ({ claimId }) => api.client.release(claimId));
    const released = new Set(claims.map(({ pod }) => pod.uid));
    await checkInvariants({ environment, pools: [pool], released });
  });

  it('that end while everything is stopped are kept by holders that renew at once (P12)', async () => {
    await createPool('outage', 2, 20);
    const claim = await api.client.claim('outage', { renews: false });
    await Promise.all([api.process.stop(), worker.stop()]);
    await environment.temporal.process.kill();
    await environment.cluster.apiServer?.kill();
    await sleep(Math.max(0, endOf(claim.lease) + 30_000 - Date.now()));
    await environment.cluster.apiServer?.start();
    await environment.temporal.process.start();
    await environment.startWorker('worker-again');
    const later = await environment.startApi('api-again');
    await sleep(15_000);
    const answer = await later.client.renew(claim.claimId, { leaseSeconds: 120 });
    assert.ok(endOf(answer.lease) > Date.now() + 100_000);
    // The controllers may take a node for lost over this, and its pods for not Ready: those are replaced
    // after the 60 s of `unreadySeconds`, since no kubelet says otherwise here.
    await environment.untilWarm('outage', 2, 100_000);
    assert.equal(isDeleted('outage', claim.pod.uid), false);
    await later.client.release(claim.claimId);
    await checkInvariants({
      environment,
      pools: ['outage'],
      released: new Set([claim.pod.uid]),
    });
  });
});
