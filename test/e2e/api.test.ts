import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClaimLostError, ClaimMissError, PilotlightClient } from '../../src/client/index.ts';
import type { ClaimAnswer } from '../../src/client/wire/claims.ts';
import type { Problem } from '../../src/client/wire/problem.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { runCli } from './run-cli.ts';

/** A pod starts in two seconds; the rest is for a machine that runs everything at once. */
const warmTimeoutMs = 60_000;

describe('the HTTP API on real servers', function () {
  this.timeout(240_000);
  let environment: Environment;
  let one: ApiReplica;
  let two: ApiReplica;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    await environment.startWorker('worker');
    one = await environment.startApi('api-one');
    two = await environment.startApi('api-two');
  });
  after(() => environment.stop());

  /** The pools of the tests so far, and the pods whose claims they have released. */
  const pools: string[] = [];
  const released = new Set<string>();
  afterEach('the invariants hold', () => checkInvariants({ environment, pools, released }));

  /** A pool that is warm in the eyes of both replicas. */
  const createPool = async (pool: string, warmTarget: number): Promise<void> => {
    pools.push(pool);
    await environment.createPool({ pool, warmTarget, template: colocated(), maxPods: 50 });
    await untilSeen(pool, warmTarget);
  };
  const untilSeen = async (pool: string, warm: number): Promise<void> => {
    for (const { client, url } of [one, two]) {
      await until({
        what: `${warm} warm pods of ${pool} at ${url}`,
        timeoutMs: warmTimeoutMs,
        ask: async () => (await client.pools()).find((one) => one.pool === pool),
        holds: (seen) => seen?.warm === warm,
      });
    }
  };
  const untilGone = (pool: string, uid: string, timeoutMs: number): Promise<unknown> =>
    until({
      what: `the end of pod ${uid}`,
      timeoutMs,
      ask: () => environment.status(pool),
      holds: ({ pods }) => pods.every((pod) => pod.uid !== uid || pod.phase === 'retiring'),
    });
  const post = async (url: string, path: string, body: object) => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { answer, body: (await answer.json()) as ClaimAnswer & Problem };
  };

  it('gives a warm pod, which the pool replaces, and deletes it when it is released', async () => {
    await createPool('claimed', 2);
    const { answer, body } = await post(one.url, '/v1/pools/claimed/claims', {
      ...{ holder: 'a test', leaseSeconds: 600, labels: { app: 'x' } },
    });
    assert.equal(answer.status, 201);
    assert.equal(body.hit, true);
    assert.match(body.claimId, /^auto-/);
    assert.equal(body.lease?.seconds, 600);
    const pod = await environment.core.readNamespacedPod({
      ...{ namespace: 'default', name: body.pod.name },
    });
    assert.equal(pod.metadata?.uid, body.pod.uid);
    assert.equal(pod.metadata.labels?.['pilotlight.dev/state'], 'claimed');
    assert.equal(pod.metadata.labels['app'], 'x');
    assert.equal(pod.metadata.annotations?.['pilotlight.dev/holder'], 'a test');
    assert.equal(pod.status?.podIP ?? null, body.pod.ip);
    await untilSeen('claimed', 2);
    const state = await two.client.get(body.claimId);
    assert.deepEqual([state.state, state.holder], ['held', 'a test']);
    released.add(body.pod.uid);
    assert.equal((await two.client.release(body.claimId)).hadEnded, false);
    await untilGone('claimed', body.pod.uid, 30_000);
  });

  it('gives one pod to a claimId that is asked for at both replicas at once (P2)', async () => {
    await createPool('twice', 3);
    const asked = await Promise.all(
      [one, two, one, two].map(({ url }) =>
        post(url, '/v1/pools/twice/claims', { claimId: 'job 1/%' }),
      ),
    );
    const uids = new Set(asked.map(({ body }) => body.pod.uid));
    assert.equal(uids.size, 1, JSON.stringify(asked.map(({ body }) => body)));
    const elsewhere = await post(one.url, '/v1/pools/claimed/claims', { claimId: 'job 1/%' });
    assert.deepEqual([elsewhere.answer.status, elsewhere.body.code], [409, 'claimIdInUse']);
    for (const uid of uids) released.add(uid);
    assert.equal((await one.client.release('job 1/%')).hadEnded, false);
    // The other replica hears of it by its watch, a moment later.
    await until({
      what: 'the end of the claim at the other replica',
      timeoutMs: 10_000,
      ask: () =>
        two.client.get('job 1/%').then(
          ({ state }) => state,
          () => 'ended' as const,
        ),
      holds: (state) => state !== 'held',
    });
    assert.equal((await two.client.release('job 1/%')).hadEnded, true);
    await assert.rejects(two.client.renew('job 1/%'), ClaimLostError);
  });

  it('misses at once without a wait, and with one gets a pod that is started for it', async () => {
    await createPool('empty', 0);
    const client = new PilotlightClient({ url: one.url });
    await assert.rejects(client.claim('empty'), (error) => {
      assert.ok(error instanceof ClaimMissError);
      assert.ok((error.retryAfterSeconds ?? 0) >= 1);
      return true;
    });
    await using claim = await client.claim('empty', { waitSeconds: 60 });
    released.add(claim.pod.uid);
    assert.equal(claim.hit, false);
    assert.ok(claim.waitedMs > 0);
  });

  it('claims, renews and releases while Temporal is away, and then refills exactly (P1, P12)', async () => {
    await createPool('outage', 4);
    const before = await environment.created('outage');
    await environment.temporal.process.kill();
    const held = await one.client.claim('outage', { claimId: 'kept' });
    const passing = await two.client.claim('outage', { renews: false });
    assert.ok(held.hit && passing.hit);
    await one.client.renew('kept', { leaseSeconds: 7200 });
    for (const { pod } of [held, passing]) released.add(pod.uid);
    await one.client.release(passing.claimId);
    const startedAtMs = performance.now();
    const target = await fetch(`${one.url}/v1/pools/outage/target`, {
      ...{ method: 'PUT', body: '{"target":5}', headers: { 'content-type': 'application/json' } },
    });
    assert.equal(((await target.json()) as Problem).code, 'temporalUnavailable');
    assert.ok(Number(target.headers.get('retry-after')) > 0);
    assert.ok(performance.now() - startedAtMs < 5_000);
    // A replica that starts now knows the pools and serves.
    const late = await environment.startApi('api-late');
    assert.equal((await late.client.get('kept')).state, 'held');
    const third = await late.client.claim('outage', { renews: false });
    assert.ok(third.hit);
    await environment.temporal.process.start();
    // The pool first shows what it knew before; it has heard of its claims once it replaces them.
    await until({
      what: 'a pod for each that was claimed',
      timeoutMs: 120_000,
      ask: () => environment.created('outage'),
      holds: (uids) => uids.length >= before.length + 3,
    });
    await environment.untilWarm('outage', 4, 120_000);
    assert.equal((await environment.created('outage')).length, before.length + 3);
    await held.release();
    await late.process.stop();
  });

  it('tells waiters to go elsewhere when it is stopped, and they get their pods there', async () => {
    await createPool('moved', 0);
    const leaving = await environment.startApi('api-leaving');
    const client = new PilotlightClient({ url: [leaving.url, one.url] });
    const direct = post(leaving.url, '/v1/pools/moved/claims', { waitSeconds: 60 });
    const claims = [1, 2].map(() => client.claim('moved', { waitSeconds: 60, renews: false }));
    await sleep(300);
    const startedAtMs = performance.now();
    await leaving.process.stop();
    assert.ok(performance.now() - startedAtMs < 9_000);
    const { answer, body } = await direct;
    assert.ok(answer.status === 201 || body.code === 'shuttingDown', JSON.stringify(body));
    const pods = await Promise.all(claims);
    assert.equal(new Set(pods.map(({ pod }) => pod.uid)).size, 2);
  });

  it('serves the command line: claim, run, list, renew, release', async () => {
    await createPool('cli', 2);
    const run = async (...args: string[]) => {
      const env = { PILOTLIGHT_API_URL: one.url };
      const { exitCode, stdout, stderr } = await runCli({ environment, args, env });
      assert.equal(stderr, '');
      return { exitCode, stdout };
    };
    assert.match(
      (await run('claim', 'cli', '--claim-id', 'c1')).stdout,
      /^claim c1 holds pod cli-/,
    );
    const echo = await run(
      'claim',
      'cli',
      '--exec',
      'sh',
      '-c',
      'echo "$PILOTLIGHT_POD_NAME"; exit 3',
    );
    assert.equal(echo.exitCode, 3);
    assert.match(echo.stdout, /^cli-\w+$/);
    await environment.recorder.caughtUp();
    for (const { uid, name, claimId } of environment.recorder.of('cli')) {
      if (name === echo.stdout || claimId === 'c1') released.add(uid);
    }
    assert.match((await run('claims', 'cli')).stdout, /c1 +cli +cli-\w+ +held/);
    assert.match((await run('renew', 'c1')).stdout, /^claim c1 until /);
    assert.equal((await run('release', 'c1')).stdout, 'claim c1 released');
    assert.equal((await run('release', 'c1')).stdout, 'claim c1 had ended before');
  });

  it('applies, scales and ends a pool by HTTP', async () => {
    pools.push('by-http');
    const document = {
      apiVersion: 'pilotlight.dev/v1alpha1',
      kind: 'WarmPool',
      metadata: { name: 'by-http' },
      spec: { warmTarget: 1, template: colocated() },
    };
    const send = async (method: string, path: string, body?: object) => {
      const answer = await fetch(`${one.url}${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    assert.equal((await send('PUT', '/v1/pools/by-http', document)).status, 201);
    await untilSeen('by-http', 1);
    assert.equal((await send('PUT', '/v1/pools/by-http', document)).status, 200);
    assert.equal((await send('PUT', '/v1/pools/by-http/target', { target: 2 })).status, 200);
    await untilSeen('by-http', 2);
    const [change] = (await environment.status('by-http')).targetChanges;
    assert.deepEqual([change?.from, change?.to, change?.by], [1, 2, 'local (API)']);
    const other = await send('PUT', '/v1/pools/other', document);
    assert.deepEqual([other.status, other.body['field']], [400, 'metadata.name']);
    assert.equal((await send('DELETE', '/v1/pools/by-http')).status, 202);
    await until({
      what: 'the end of the pool',
      timeoutMs: 60_000,
      ask: () => send('GET', '/v1/pools/by-http'),
      holds: ({ status }) => status === 404,
    });
    const metrics = await (await fetch(`${one.url}/metrics`)).text();
    assert.match(
      metrics,
      /pilotlight_claim_duration_seconds_count\{pool="claimed",outcome="hit"\} 1/,
    );
  });
});
