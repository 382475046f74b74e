/** What a pool does by itself about failures, new templates, smaller targets and nodes that go. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Node } from '@kubernetes/client-node';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { ClaimMissError } from '../../src/client/pilotlight-error.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { changePool } from './change-pool.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { leastWarm } from './least-warm.ts';
import { colocated } from './pod-templates.ts';
import { runCli } from './run-cli.ts';

describe('the policies of a pool', function () {
  this.timeout(240_000);
  let environment: Environment;
  let api: ApiReplica;
  const workers: ManagedProcess[] = [];

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    workers.push(await environment.startWorker('worker'));
    api = await environment.startApi('api');
  });
  after(() => environment.stop());

  const untilStatus = (
    pool: string,
    what: string,
    holds: (status: PoolStatus) => boolean,
    timeoutMs = 60_000,
  ): Promise<PoolStatus> => until({ what, timeoutMs, ask: () => environment.status(pool), holds });
  const untilRolledOut = (pool: string, count: number): Promise<PoolStatus> =>
    untilStatus(
      pool,
      `a rollout of ${pool}`,
      ({ stale, warm, retiring, pending }) => stale + retiring + pending === 0 && warm === count,
      90_000,
    );

  it('S56 replace every pod by a new template, each after its replacement is warm, through kill -9 in the middle', async () => {
    const pool = 'rolls';
    await environment.createPool({ pool, warmTarget: 3, template: colocated() });
    await environment.untilWarm(pool, 3, 60_000);
    const template = colocated({ readyDelay: '3s' });
    await changePool({ environment, pool, template, templateHash: 'slower' });
    await environment.untilCreated(pool, 4);
    await replaceWorker('mid-rollout');
    await untilRolledOut(pool, 3);
    assert.equal((await environment.created(pool)).length, 6);
    assert.equal(leastWarm({ moments: environment.recorder.moments(pool), count: 3 }), 3);
    await checkInvariants({ environment, pools: [pool] });
  });

  it('S57 stop a rollout whose pods crash, with the old ones serving, until it is undone', async () => {
    const pool = 'crashes';
    await environment.createPool({
      pool,
      warmTarget: 3,
      template: colocated(),
      podReadySeconds: 5,
    });
    await environment.untilWarm(pool, 3, 60_000);
    const before = await environment.created(pool);
    const template = colocated({ fault: 'crash-loop' });
    await changePool({ environment, pool, template, templateHash: 'crashing' });
    const { warm, why } = await untilStatus(
      pool,
      'a failure',
      ({ failures }) => failures.consecutive > 0,
    );
    assert.equal(warm, 3);
    assert.match(why, /CrashLoopBackOff/);
    const status = await runCli({ environment, args: ['rollout', 'status', pool] });
    assert.equal(status.exitCode, 1);
    assert.match(
      status.stdout,
      /has stopped, 3 unclaimed pods of older templates.*CrashLoopBackOff/,
    );
    const undo = await runCli({ environment, args: ['rollout', 'undo', pool] });
    assert.equal(undo.exitCode, 0, undo.stderr);
    await untilStatus(
      pool,
      'the old template',
      ({ phase, stale, pods }) => phase === 'Steady' && stale === 0 && pods.length === 3,
    );
    await environment.recorder.caughtUp();
    const live = environment.recorder.of(pool).filter(({ isDeleted }) => !isDeleted);
    assert.deepEqual(
      live.map(({ uid }) => uid),
      before,
    );
    assert.equal(leastWarm({ moments: environment.recorder.moments(pool), count: 3 }), 3);
    await checkInvariants({ environment, pools: [pool] });
  });

  it('S55 shrink from 20 to 1 with 5 claims held, and leave those alone (P3)', async () => {
    const pool = 'shrinks';
    await environment.createPool({ pool, warmTarget: 20, template: colocated() });
    await environment.untilWarm(pool, 20, 60_000);
    const claims = await claimAll(pool, 5);
    await untilStatus(pool, 'a refill', ({ warm, claimed }) => warm === 20 && claimed === 5);
    const { exitCode } = await runCli({ environment, args: ['scale', pool, '1'] });
    assert.equal(exitCode, 0);
    await untilStatus(
      pool,
      '1 warm and 5 claimed pods',
      ({ warm, claimed, retiring, pods }) =>
        warm === 1 && claimed === 5 && retiring === 0 && pods.length === 6,
      90_000,
    );
    assert.equal((await environment.created(pool)).length, 25);
    const deleted = environment.recorder.of(pool).filter(({ isDeleted }) => isDeleted);
    assert.equal(deleted.length, 19);
    for (const { claimId } of claims) await api.client.release(claimId);
    const released = new Set(claims.map(({ pod }) => pod.uid));
    await checkInvariants({ environment, pools: [pool], released });
  });

  it('S29 give a pod that is claimed while it is about to be retired to the one who wrote first (P2, P3)', async () => {
    const pool = 'contested';
    await environment.createPool({ pool, warmTarget: 20, template: colocated() });
    await environment.untilWarm(pool, 20, 60_000);
    await untilAtApi(pool, 20);
    const [scaled, ...answers] = await Promise.all([
      runCli({ environment, args: ['scale', pool, '0'] }),
      ...Array.from({ length: 20 }, async (_, index) => {
        // Over the time in which the command starts, a second or less, and the first pods are retired.
        await sleep(index * 100);
        return api.client.claim(pool, { renews: false, waitSeconds: 0 }).catch(missed);
      }),
    ]);
    assert.equal(scaled.exitCode, 0);
    const claims = answers.filter((answer) => answer !== null);
    assert.ok(claims.length >= 3, `${claims.length} claims`);
    await untilStatus(
      pool,
      'every claim counted',
      ({ claimed, retiring }) => claimed === claims.length && retiring === 0,
    );
    await environment.recorder.caughtUp();
    const uids = new Set(claims.map(({ pod }) => pod.uid));
    assert.equal(uids.size, claims.length);
    const ended = environment.recorder.of(pool).filter((pod) => pod.isDeleted || pod.isTerminating);
    assert.ok(ended.length > 0, 'some were retired meanwhile');
    assert.ok(ended.every(({ uid }) => !uids.has(uid)));
    for (const { claimId } of claims) await api.client.release(claimId);
    await checkInvariants({ environment, pools: [pool], released: uids });
  });

  it('S61 replace pods that are old or idle, each at its own time and never below the target (P1)', async () => {
    const ages = { old: { maxAgeSeconds: 12 }, idle: { maxIdleSeconds: 12 } };
    await Promise.all(
      Object.entries(ages).map(async ([pool, settings]) => {
        await environment.createPool({ pool, warmTarget: 2, template: colocated(), settings });
        await environment.untilWarm(pool, 2, 60_000);
        const first = new Set(environment.recorder.uids(pool));
        await until({
          what: `other pods in pool ${pool}`,
          timeoutMs: 60_000,
          ask: () => Promise.resolve(environment.recorder.of(pool)),
          holds: (pods) => pods.every(({ uid, isDeleted }) => isDeleted || !first.has(uid)),
        });
        assert.equal(leastWarm({ moments: environment.recorder.moments(pool), count: 2 }), 2);
        const { failures } = await environment.status(pool);
        assert.equal(failures.consecutive, 0);
        await environment.client.workflow.getHandle(poolWorkflowId(pool)).signal('pause');
      }),
    );
    await checkInvariants({ environment, pools: Object.keys(ages) });
  });

  it('S62 move warm pods off a node that is cordoned, and leave its claimed ones (P3)', async () => {
    const pool = 'cordoned';
    const nodes = await sharedNodes();
    const [home = '', ...others] = nodes;
    assert.ok(others.length > 0);
    for (const node of others) await cordon(node, true);
    await environment.createPool({ pool, warmTarget: 3, template: colocated() });
    await environment.untilWarm(pool, 3, 60_000);
    const claims = await claimAll(pool, 2);
    await untilStatus(pool, 'a refill', ({ warm, claimed }) => warm === 3 && claimed === 2);
    for (const node of others) await cordon(node, false);
    await sleep(1_000);
    const sinceMs = Date.now();
    await cordon(home, true);
    await untilStatus(
      pool,
      '3 warm pods elsewhere',
      ({ warm, pods }) =>
        warm === 3 && pods.every(({ phase, node }) => phase === 'claimed' || node !== home),
    );
    await cordon(home, false);
    await environment.recorder.caughtUp();
    const held = new Set(claims.map(({ pod }) => pod.uid));
    const live = environment.recorder.of(pool).filter(({ isDeleted }) => !isDeleted);
    assert.equal(live.filter(({ uid, node }) => held.has(uid) && node === home).length, 2);
    assert.equal(environment.recorder.uids(pool).length, 8);
    const moments = environment.recorder.moments(pool);
    assert.equal(leastWarm({ moments, count: 3, sinceMs }), 3);
    for (const { claimId } of claims) await api.client.release(claimId);
    await checkInvariants({ environment, pools: [pool], released: held });
  });

  it('S59 keep what a target that flaps has started', async () => {
    const pool = 'flaps';
    await environment.createPool({ pool, warmTarget: 2, template: colocated() });
    await environment.untilWarm(pool, 2, 60_000);
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    for (const target of [6, 2, 6, 2, 6, 2]) {
      await handle.signal('setTarget', target);
      await sleep(2_000);
    }
    // The first fall is followed, the ones after it are not: 2 + 4 + 4 pods, and no more.
    assert.ok((await environment.created(pool)).length <= 10);
    assert.equal((await environment.status(pool)).target, 2);
    await checkInvariants({ environment, pools: [pool] });
  });

  /** By kill -9, with another in its place. */
  async function replaceWorker(name: string): Promise<void> {
    await workers.at(-1)?.kill();
    workers.push(await environment.startWorker(name));
  }

  /** A miss is a fair answer to a claim; whatever else it raised is not. */
  function missed(error: unknown): null {
    if (error instanceof ClaimMissError) return null;
    throw error;
  }

  const untilAtApi = (pool: string, count: number): Promise<unknown> =>
    until({
      what: `pool ${pool} at the API`,
      timeoutMs: 20_000,
      ask: () => api.client.pools(),
      holds: (pools) => pools.some((known) => known.pool === pool && known.warm >= count),
    });

  async function claimAll(pool: string, count: number) {
    await untilAtApi(pool, count);
    const wanted = Array.from({ length: count }, () =>
      api.client.claim(pool, { renews: false, waitSeconds: 30 }),
    );
    return Promise.all(wanted);
  }

  async function sharedNodes(): Promise<string[]> {
    const path = `/api/v1/nodes?labelSelector=${encodeURIComponent('pilotlight.example/nodes=shared')}`;
    const { items } = (await environment.connection.send({ method: 'GET', path })) as {
      items: V1Node[];
    };
    return items.map(({ metadata }) => metadata?.name ?? '').sort();
  }

  async function cordon(node: string, unschedulable: boolean): Promise<void> {
    await environment.connection.send({
      ...{ method: 'PATCH', path: `/api/v1/nodes/${node}`, body: { spec: { unschedulable } } },
      contentType: 'application/merge-patch+json',
    });
  }
});
