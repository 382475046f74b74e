import assert from 'node:assert/strict';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { pauseSignal, resumeSignal } from '../../src/workflows/messages.ts';
import { checkClaims } from './check-claims.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';

const warmTarget = 5;
const waiters = 500;

/** How long a claim may wait; 500 pods start in some 6 s on an idle machine. */
const waitSeconds = 90;

/** Claims are made at instants of whole milliseconds by a clock that is corrected by as few. */
const clockSlackMs = 50;

describe('500 claims that wait for a pool of 5', function () {
  this.timeout(240_000);
  let environment: Environment;
  let api: ApiReplica;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    await environment.startWorker('worker');
    api = await environment.startApi('api');
  });
  after(() => environment.stop());

  const createPool = async (pool: string, maxPods: number): Promise<void> => {
    await environment.createPool({ pool, warmTarget, maxPods, template: colocated() });
    await environment.untilWarm(pool, warmTarget, 60_000);
    await untilSeen(pool, ({ warm }) => warm === warmTarget);
  };
  /** Waits until the replica sees its pool like that. */
  const untilSeen = (
    pool: string,
    holds: (seen: { warm: number; waiting: number }) => boolean,
  ): Promise<unknown> =>
    until({
      what: `pool ${pool} at the API`,
      timeoutMs: 20_000,
      everyMs: 2,
      ask: () => api.client.pools(),
      holds: (pools) => pools.some((known) => known.pool === pool && holds(known)),
    });
  /** Waits until the pool is as it was before its claims. */
  const untilAtRest = async (pool: string): Promise<void> => {
    const { demand, claimed } = await environment.untilWarm(pool, warmTarget, 60_000);
    assert.deepEqual({ demand, claimed }, { demand: 0, claimed: 0 });
  };

  it('are served in their order as fast as pods start, by as many pods as they are (P1)', async () => {
    const pool = 'crowd';
    await createPool(pool, waiters + 100);
    // No pod starts until all stand in line, so that their order is known.
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    await handle.signal(pauseSignal);
    const all = [];
    for (let count = 0; count < warmTarget + waiters; count += 1) {
      // Without a claimId it is written in one call, whose instant is that of its turn.
      all.push(api.client.claim(pool, { claimId: null, renews: false, waitSeconds }));
      const waiting = count + 1 - warmTarget;
      if (waiting > 0) await untilSeen(pool, (seen) => seen.waiting === waiting);
    }
    const resumedAtMs = Date.now();
    await handle.signal(resumeSignal);
    const claims = await Promise.all(all);
    const servedAtMs = Date.now();

    await environment.untilWarm(pool, warmTarget, 60_000);
    assert.equal(new Set(claims.map(({ pod }) => pod.uid)).size, warmTarget + waiters);
    assert.equal(claims.filter(({ hit }) => hit).length, warmTarget);
    const shown = await Promise.all(claims.map(({ claimId }) => api.client.get(claimId)));
    // The hits stood in no line: they were written side by side.
    const waited = shown.slice(warmTarget);
    const order = waited.map(({ claimedAt }) => Date.parse(claimedAt ?? ''));
    let latest = -Infinity;
    for (const [place, atMs] of order.entries()) {
      assert.ok(atMs >= latest - clockSlackMs, `claim ${place} was served before an earlier one`);
      latest = Math.max(latest, atMs);
    }
    const uids = await environment.created(pool);
    assert.equal(uids.length, warmTarget + waiters + warmTarget);
    const { claimIds } = checkClaims(environment.recorder.moments(pool));
    assert.equal(claimIds.size, warmTarget + waiters);
    // The pod of the last claim was Ready only a moment before.
    const ready = environment.recorder.moments(pool).filter(({ isReady }) => isReady);
    const lastPod = claims.at(-1)?.pod.uid;
    const lastReadyAtMs = ready.find(({ uid }) => uid === lastPod)?.atMs ?? NaN;
    console.log(
      `      all served in ${servedAtMs - resumedAtMs} ms, ${servedAtMs - lastReadyAtMs} ms after the last pod was Ready`,
    );
    assert.ok(servedAtMs - lastReadyAtMs < 5_000, `${servedAtMs} after ${lastReadyAtMs}`);

    await Promise.all(claims.map(({ claimId }) => api.client.release(claimId)));
    await untilAtRest(pool);
    assert.equal((await environment.created(pool)).length, uids.length);
    const released = new Set(claims.map(({ pod }) => pod.uid));
    await checkInvariants({ environment, pools: [pool], released });
  });

  it('are told when to return if no pod comes in time, and none hangs', async () => {
    const pool = 'full';
    await createPool(pool, warmTarget);
    const startedAtMs = Date.now();
    const answers = await Promise.all(
      Array.from({ length: warmTarget + waiters }, async () => {
        const answer = await fetch(`${api.url}/v1/pools/${pool}/claims`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ waitSeconds: 3 }),
        });
        const body = (await answer.json()) as { code?: string; claimId: string };
        const retryAfter = Number(answer.headers.get('retry-after'));
        return { status: answer.status, retryAfter, ...body };
      }),
    );
    const tookMs = Date.now() - startedAtMs;
    const served = answers.filter(({ status }) => status === 201);
    const missed = answers.filter(({ status }) => status === 503);
    assert.deepEqual([served.length, missed.length], [warmTarget, waiters]);
    for (const { code, retryAfter } of missed) {
      assert.equal(code, 'poolMiss');
      assert.ok(retryAfter >= 1 && retryAfter <= 300, `Retry-After ${retryAfter}`);
    }
    assert.ok(tookMs < 13_000, `the last was answered after ${tookMs} ms`);
    assert.equal((await environment.created(pool)).length, warmTarget);

    const claimed = await Promise.all(served.map(({ claimId }) => api.client.get(claimId)));
    await Promise.all(served.map(({ claimId }) => api.client.release(claimId)));
    await untilAtRest(pool);
    assert.equal((await environment.created(pool)).length, 2 * warmTarget);
    const released = new Set(claimed.map(({ pod }) => pod.uid));
    await checkInvariants({ environment, pools: [pool], released });
  });
});
