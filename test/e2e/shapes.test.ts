/** Pools of several kinds of pods, and claims that ask for a kind: strict, and each pool by itself. */
import assert from 'node:assert/strict';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { AmbiguousShapeError, ClaimMissError, NoSuchShapeError } from '../../src/client/index.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { applyDocuments, type WrittenPool } from './apply-documents.ts';
import { atOnce } from './at-once.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { colocated, exclusive } from './pod-templates.ts';
import { runCli } from './run-cli.ts';
import { untilOffered } from './until-offered.ts';

/** Small pods of an image, with what they ask for written as given. */
function small(options: {
  image?: string;
  resources?: object;
  readyDelay?: string;
}): V1PodTemplateSpec {
  const { image = 'example/worker:1', resources, readyDelay } = options;
  const template = colocated(readyDelay === undefined ? {} : { readyDelay });
  const [container] = template.spec?.containers ?? [];
  assert.ok(container);
  container.image = image;
  if (resources !== undefined) container.resources = resources;
  return template;
}

const shaped = (shape: string) => ({ 'pilotlight.dev/shape': shape });

const oneCpu = { requests: { cpu: '1000m', memory: '64Mi' } };

const pools: WrittenPool[] = [
  ...['a', 'b'].map((letter) => ({
    pool: `image-${letter}`,
    labels: shaped('strict'),
    settings: { warmTarget: 2, maxPods: 2, claim: { leaseSeconds: letter === 'a' ? 600 : 900 } },
    template: small({ image: `example/${letter}:1` }),
  })),
  {
    pool: 'written',
    labels: shaped('written'),
    settings: { warmTarget: 2 },
    template: small({ resources: oneCpu }),
  },
  {
    pool: 'defaulted',
    labels: shaped('defaulted'),
    settings: { warmTarget: 1 },
    template: small({ resources: {} }),
  },
  ...[1, 0].map((warmTarget) => ({
    pool: warmTarget === 1 ? 'near-warm' : 'near-empty',
    labels: shaped('near'),
    settings: { warmTarget },
    template: small({ image: `example/near:${warmTarget}` }),
  })),
  {
    pool: 'plenty',
    labels: shaped('plenty'),
    settings: { warmTarget: 6 },
    template: small({}),
  },
  {
    pool: 'demanded',
    labels: shaped('demanded'),
    settings: { warmTarget: 1 },
    template: small({ readyDelay: '5s' }),
  },
];

/** Applied when those who wait for it are about to: its nodes take 10 s. */
const scarce: WrittenPool = {
  pool: 'scarce',
  labels: shaped('scarce'),
  settings: { warmTarget: 1 },
  template: exclusive(),
};

describe('shapes', function () {
  this.timeout(180_000);
  let environment: Environment;
  let worker: ManagedProcess;
  let api: ApiReplica;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 10 });
    worker = await environment.startWorker('worker');
    api = await environment.startApi('api');
    await applyDocuments(environment, pools);
    await untilKnown(pools.map(({ pool }) => pool));
  });
  after(() => environment.stop());

  const untilStatus = (
    pool: string,
    what: string,
    holds: (status: PoolStatus) => boolean,
  ): Promise<PoolStatus> =>
    until({ what, timeoutMs: 90_000, ask: () => environment.status(pool), holds });
  const untilKnown = (wanted: string[]): Promise<unknown> =>
    until({
      what: `the cards of ${wanted.join()} at the API`,
      timeoutMs: 60_000,
      ask: async () => new Set((await api.client.pools()).map(({ pool }) => pool)),
      holds: (known) => wanted.every((pool) => known.has(pool)),
    });
  const untilSeen = (pool: string, warm: number): Promise<void> =>
    untilOffered({ api, pool, count: warm });
  const claim = (shape: string, image?: string, waitSeconds = 0) =>
    api.client.claimByShape(
      { shape, ...(image === undefined ? {} : { image }) },
      { renews: false, waitSeconds },
    );
  const imageOf = async (name: string) =>
    (await environment.core.readNamespacedPod({ name, namespace: 'default' })).spec?.containers[0]
      ?.image;

  async function oneShapeHoweverWritten(): Promise<void> {
    const pool = 'written';
    await untilSeen(pool, 2);
    const { templateHash } = await environment.untilWarm(pool, 2, 60_000);
    for (const requests of [
      { cpu: 1, memory: 67_108_864 },
      { memory: '65536Ki', cpu: '1' },
      { cpu: '1e0', memory: '64Mi' },
    ]) {
      const template = small({ resources: { requests } });
      const written = { labels: shaped('written'), settings: { warmTarget: 2 }, template };
      await applyDocuments(environment, [{ pool, ...written }]);
      const status = await environment.status(pool);
      assert.deepEqual([status.templateHash, status.stale], [templateHash, 0]);
    }
    assert.equal((await environment.created(pool)).length, 2);
    await untilSeen('defaulted', 1);
    const claims = await Promise.all([claim(pool), claim(pool), claim('defaulted')]);
    assert.deepEqual(
      claims.map((held) => [held.pool, held.hit]),
      [pool, pool, 'defaulted'].map((name) => [name, true]),
    );
    for (const { claimId } of claims) await api.client.release(claimId);
    const released = new Set(claims.map((held) => held.pod.uid));
    await checkInvariants({ environment, pools: [pool, 'defaulted'], released });
  }

  async function noPoolOrANearMatch(): Promise<void> {
    await untilSeen('near-warm', 1);
    const before = await environment.created('near-warm');
    const startedAtMs = performance.now();
    await assert.rejects(claim('near', 'example/near:2', 60), (error) => {
      assert.ok(error instanceof NoSuchShapeError);
      assert.match(error.message, /No pool has shape near and image example\/near:2/);
      assert.ok(error.candidates.length >= pools.length);
      return true;
    });
    await assert.rejects(claim('near'), (error) => {
      assert.ok(error instanceof AmbiguousShapeError);
      const named = error.candidates.map(({ pool, image }) => `${pool} ${image ?? ''}`);
      assert.deepEqual(named.sort(), ['near-empty example/near:0', 'near-warm example/near:1']);
      return true;
    });
    await assert.rejects(claim('near', 'example/near:0'), ClaimMissError);
    // At once, whatever they may wait: "try later" without end is no answer.
    assert.ok(performance.now() - startedAtMs < 5_000);
    const said = await runCli({
      environment,
      args: ['claim', '--shape', 'near', '--image', 'example/near:2', '--wait', '60'],
      env: { PILOTLIGHT_API_URL: api.url },
    });
    assert.deepEqual([said.exitCode, said.stdout], [1, '']);
    assert.match(said.stderr, /^error: No pool has shape near and image example\/near:2\./);
    await environment.recorder.caughtUp();
    const [near, ...others] = environment.recorder.of('near-warm');
    assert.deepEqual(
      [near?.uid, near?.isClaimed, near?.isTerminating, others],
      [before[0], false, false, []],
    );
    await checkInvariants({ environment, pools: ['near-warm', 'near-empty'] });
  }

  // Small pods were once counted as large ones, so that the pool of large ones was thought full.
  async function countsOfEachPoolsOwn(): Promise<void> {
    await untilSeen('plenty', 6);
    await applyDocuments(environment, [scarce]);
    await untilKnown(['scarce']);
    const waits = [1, 2].map(() => claim('scarce', undefined, 60));
    const short = await untilStatus('scarce', 'a demand of two', ({ demand }) => demand === 2);
    assert.deepEqual([short.phase, short.warm, short.claimed], ['Filling', 0, 0]);
    const plenty = await environment.status('plenty');
    assert.deepEqual([plenty.phase, plenty.warm, plenty.demand], ['Steady', 6, 0]);
    const claims = await Promise.all(waits);
    assert.deepEqual(
      claims.map(({ pool, hit }) => [pool, hit]),
      [1, 2].map(() => ['scarce', false]),
    );
    const full = await environment.untilWarm('scarce', 1, 90_000);
    assert.deepEqual([full.claimed, full.demand], [2, 0]);
    // One for the target, two for those who waited.
    assert.equal((await environment.created('scarce')).length, 3);
    assert.equal((await environment.created('plenty')).length, 6);
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    assert.match(metrics, /claim_duration_seconds_count\{pool="scarce",outcome="miss"\} 2/);
    assert.doesNotMatch(metrics, /\{pool="plenty",outcome="miss"\}/);
    for (const { claimId } of claims) await api.client.release(claimId);
    const released = new Set(claims.map((held) => held.pod.uid));
    await checkInvariants({ environment, pools: ['plenty', 'scarce'], released });
  }

  // Eleven spare pods were once kept for callers of whom none was left.
  async function demandThatEnds(): Promise<void> {
    const pool = 'demanded';
    await untilSeen(pool, 1);
    const stop = new AbortController();
    const ask = (signal?: AbortSignal) =>
      api.client.claim(pool, { renews: false, waitSeconds: 60, ...(signal && { signal }) });
    const first = await ask();
    const patient = ask();
    const leaving = [1, 2].map(() => assert.rejects(ask(stop.signal)));
    await untilStatus(pool, 'a demand of three', ({ demand }) => demand === 3);
    // One for the claimed one, three for those who wait; claimed and starting ones demand nothing.
    await environment.untilCreated(pool, 1 + 1 + 3);
    stop.abort(new Error('enough'));
    await Promise.all(leaving);
    const second = await patient;
    const { claimed, demand } = await environment.untilWarm(pool, 1, 90_000);
    assert.deepEqual([claimed, demand], [2, 0]);
    assert.equal((await environment.created(pool)).length, 1 + 1 + 3);
    for (const { claimId } of [first, second]) await api.client.release(claimId);
    const released = new Set([first, second].map((held) => held.pod.uid));
    await checkInvariants({ environment, pools: [pool], released });
  }

  atOnce({
    'S41 take all ways to write a quantity for one shape, and give all of it':
      oneShapeHoweverWritten,
    'S42 refuse at once what no pool has, and leave a near match alone': noPoolOrANearMatch,
    'S43 count pods, demand and misses for each pool by itself (P7)': countsOfEachPoolsOwn,
    'S60 start pods for claims that wait, and go back to the target when none does (P1)':
      demandThatEnds,
  });

  it('S40 give a claim no pod of another image, through restarts and adoption', async () => {
    await worker.kill();
    await api.process.kill();
    await environment.client.workflow.getHandle(poolWorkflowId('image-b')).terminate('a test');
    await Promise.all([worker.start(), api.process.start()]);
    const again = pools.filter(({ pool }) => pool === 'image-b');
    await applyDocuments(environment, again);
    for (const pool of ['image-a', 'image-b']) {
      await environment.untilWarm(pool, 2, 60_000);
      await untilSeen(pool, 2);
    }
    const claims = await Promise.all([1, 2].map(() => claim('strict', 'example/b:1')));
    for (const { pool, pod, lease } of claims) {
      assert.deepEqual([pool, lease?.seconds], ['image-b', 900]);
      assert.equal(await imageOf(pod.name), 'example/b:1');
    }
    // Of image b nothing is left; of a, which has the same shape, everything.
    await assert.rejects(claim('strict', 'example/b:1', 1), ClaimMissError);
    assert.equal((await environment.status('image-a')).claimed, 0);
    const other = await claim('strict', 'example/a:1');
    assert.deepEqual([other.pool, other.lease?.seconds], ['image-a', 600]);
    assert.equal(await imageOf(other.pod.name), 'example/a:1');
    for (const pool of ['image-a', 'image-b']) {
      assert.equal((await environment.created(pool)).length, 2);
    }
    for (const { claimId } of [...claims, other]) await api.client.release(claimId);
    const released = new Set([...claims, other].map((held) => held.pod.uid));
    await checkInvariants({ environment, pools: ['image-a', 'image-b'], released });
  });
});
