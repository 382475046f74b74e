import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pods as podResource } from '../../dev/simulated/resources.ts';
import type { ClaimError, ClaimErrorCode } from '../../src/claims/claim-error.ts';
import { KubernetesError } from '../../src/kubernetes/kubernetes-error.ts';
import { annotations, labels } from '../../src/pool/labels.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { ClaimsWorld, kindOf, type Replica } from './claims-world.ts';
import { hasCode } from './has-code.ts';

const now = { pool: 'small', waitSeconds: 0 };

describe('a claim without a claimId', () => {
  let world: ClaimsWorld;

  beforeEach(async () => {
    world = await ClaimsWorld.start();
    await world.publish();
  });

  afterEach(() => world.stop());

  const podNames = (): string[] => world.pods().map(({ metadata: { name } }) => name);

  function claimIdOn(name: string): string | undefined {
    return world.pod(name)?.metadata.annotations?.[annotations.claimId];
  }

  it('takes a warm pod in one write and says all about it', async () => {
    const pod = world.addPod();
    const replica = await world.startReplica();
    const claim = await replica.claims.claim({
      ...now,
      holder: 'me',
      labels: { team: 'a' },
      annotations: { 'example.com/why': 'tests' },
    });
    assert.deepEqual(replica.calls, ['PATCH pods']);
    assert.ok(claim.claimId.startsWith('auto-'));
    assert.deepEqual([claim.pool, claim.hit, claim.waitedMs], ['small', true, 0]);
    const { name, uid } = pod.metadata;
    const expected = { name, namespace: 'default', uid, ip: '10.0.0.9', node: 'node' };
    assert.deepEqual(claim.pod, expected);
    assert.equal(claim.lease?.seconds, 60);
    const metadata = world.pod(name)!.metadata;
    assert.equal(metadata.labels?.[labels.state], 'claimed');
    assert.equal(metadata.labels['team'], 'a');
    assert.equal(metadata.annotations?.['example.com/why'], 'tests');
    assert.equal(metadata.annotations[annotations.holder], 'me');
    assert.equal(metadata.annotations['karpenter.sh/do-not-disrupt'], 'true');
    assert.equal(metadata.annotations[annotations.leaseExpiresAt], claim.lease.expiresAt);
  });

  it('adds to the annotations that a pod has', async () => {
    const first = world.addPod();
    const second = world.addPod();
    assert.equal(first.metadata.annotations, undefined);
    const { claims } = await world.startReplica();
    await Promise.all([claims.claim(now), claims.claim(now)]);
    assert.equal(world.pod(second.metadata.name)?.metadata.annotations?.['note'], 'kept');
    assert.ok(claimIdOn(first.metadata.name));
  });

  it('prefers the current template, and takes a stale pod before none', async () => {
    const stale = world.addPod({ templateHash: 'old' });
    const current = world.addPod();
    const { claims } = await world.startReplica();
    assert.equal((await claims.claim(now)).pod.name, current.metadata.name);
    assert.equal((await claims.claim(now)).pod.name, stale.metadata.name);
  });

  it('gives 30 claims on 10 pods at 3 replicas 10 different pods and 20 misses (P2)', async () => {
    for (let count = 0; count < 10; count += 1) world.addPod();
    const replicas = [
      await world.startReplica(),
      await world.startReplica(),
      await world.startReplica(),
    ];
    const answers = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => replicas[index % 3]!.claims.claim(now)),
    );
    const got = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    assert.equal(new Set(got.map(({ pod }) => pod.uid)).size, 10);
    assert.equal(got.length, 10);
    for (const answer of answers) {
      if (answer.status === 'rejected') hasCode('poolMiss')(answer.reason);
    }
  });

  it('never races itself: 20 claims at once on 20 pods lose no race', async () => {
    for (let count = 0; count < 20; count += 1) world.addPod();
    const replica = await world.startReplica();
    await Promise.all(Array.from({ length: 20 }, () => replica.claims.claim(now)));
    assert.equal(replica.calls.length, 20);
    assert.ok(replica.events.every((event) => event.kind === 'claimed' && event.hit));
  });

  // The cache says warm, but the pod was lost a second ago.
  for (const [what, spoil] of [
    ['lost Ready', (name: string) => world.setReady(name, false)],
    ['is gone', (name: string) => world.remove(name)],
  ] as const) {
    it(`moves on unseen by the caller when the first pod ${what}`, async () => {
      const names = [world.addPod(), world.addPod()].map(({ metadata }) => metadata.name);
      const replica = await world.startReplica();
      let spoilt = '';
      replica.fate = ({ path }) => {
        const name = path.split('/').at(-1) ?? '';
        if (spoilt === '') spoil((spoilt = name));
        return 'carriedOut';
      };
      const claim = await replica.claims.claim(now);
      assert.notEqual(claim.pod.name, spoilt);
      assert.ok(names.includes(claim.pod.name));
      assert.equal(claim.hit, true);
      assert.equal(replica.events[0]?.kind, 'raceLost');
    });
  }

  it('knows its own claim when the answer to the patch was lost', async () => {
    world.addPod();
    world.addPod();
    const replica = await world.startReplica();
    replica.fate = (call) => (kindOf(call) === 'PATCH pods' ? 'answerLost' : 'carriedOut');
    const claim = await replica.claims.claim(now);
    assert.equal(claimIdOn(claim.pod.name), claim.claimId);
    assert.equal(podNames().filter((name) => claimIdOn(name)).length, 1);
  });

  it('says at once that Kubernetes does not answer, and to come again', async () => {
    world.addPod();
    const replica = await world.startReplica();
    replica.fate = () => 'neverArrives';
    await assert.rejects(replica.claims.claim(now), (error) => {
      hasCode('clusterUnavailable')(error);
      return (error as ClaimError).retryAfterSeconds === 2;
    });
  });

  it('obeys a Retry-After, for the claims that follow too', async () => {
    world.addPod();
    const replica = await world.startReplica();
    replica.fate = () =>
      new KubernetesError('slow down', { kind: 'throttled', code: 429, retryAfterMs: 1_000 });
    await assert.rejects(replica.claims.claim(now), hasCode('clusterUnavailable'));
    replica.fate = () => 'carriedOut';
    await assert.rejects(replica.claims.claim(now), hasCode('clusterUnavailable'));
    assert.equal(replica.calls.length, 1);
    await sleep(1_010);
    await replica.claims.claim(now);
  });

  it('is released when it appears after it was given up', async () => {
    const { name } = world.addPod().metadata;
    const replica = await world.startReplica();
    let lateCall: Parameters<Replica['fate']>[0] | null = null;
    replica.fate = (call) => {
      if (kindOf(call) === 'PATCH pods') lateCall = call;
      return kindOf(call) === 'DELETE pods' ? 'carriedOut' : 'neverArrives';
    };
    await assert.rejects(replica.claims.claim(now), hasCode('clusterUnavailable'));
    await world.connection.send(lateCall!);
    assert.ok(claimIdOn(name));
    await eventually('the release', () => Boolean(world.pod(name)?.metadata.deletionTimestamp));
  });

  it('is released at once when it is won after its caller left', async () => {
    const { name } = world.addPod().metadata;
    const replica = await world.startReplica();
    const gone = new AbortController();
    replica.fate = (call) => {
      if (kindOf(call) === 'PATCH pods') gone.abort();
      return 'carriedOut';
    };
    await assert.rejects(replica.claims.claim(now, { signal: gone.signal }), hasCode('claimEnded'));
    await eventually('the release', () => Boolean(world.pod(name)?.metadata.deletionTimestamp));
  });

  it('tells when it can not be released though nobody waits for it: its lease ends it', async () => {
    world.addPod();
    const replica = await world.startReplica();
    const gone = new AbortController();
    replica.fate = (call) => {
      if (kindOf(call) === 'PATCH pods') gone.abort();
      return kindOf(call) === 'DELETE pods' ? 'neverArrives' : 'carriedOut';
    };
    await assert.rejects(replica.claims.claim(now, { signal: gone.signal }), hasCode('claimEnded'));
    await eventually('the event', () => replica.events.some(({ kind }) => kind === 'notDiscarded'));
    assert.equal(replica.calls.filter((kind) => kind === 'DELETE pods').length, 3);
  });

  it('takes the pod off an owner that is a custom resource, and leaves other owners', async () => {
    const pod = world.addPod();
    const owner = (apiVersion: string, uid: string): object => ({
      apiVersion,
      kind: 'Some',
      name: uid,
      uid,
    });
    const owners = [
      owner('pilotlight.dev/v1alpha1', 'a'),
      owner('apps/v1', 'b'),
      owner('example.com/v1', 'c'),
    ];
    const metadata = { ...pod.metadata, ownerReferences: owners as never };
    world.store.put(podResource, { ...pod, metadata });
    const { claims } = await world.startReplica();
    await claims.claim(now);
    const left = world.pod(pod.metadata.name)?.metadata.ownerReferences;
    assert.deepEqual(
      left?.map(({ uid }) => uid),
      ['b'],
    );
  });

  it('is refused with the right code before anything is written', async () => {
    world.addPod();
    await world.publish({ pool: 'closing', acceptsClaims: false });
    await world.publish({ pool: 'endless', claim: { leaseSeconds: 0, maxLeaseSeconds: 0 } });
    const replica = await world.startReplica();
    const { claims } = replica;
    const refusals: [object, ClaimErrorCode, RegExp][] = [
      [{ pool: 'none' }, 'unknownPool', /no pool none/],
      [{ pool: 'closing' }, 'poolDraining', /drains/],
      [{ leaseSeconds: 601 }, 'leaseNotAllowed', /at most 600 s, got leaseSeconds 601/],
      [{ pool: 'endless', leaseSeconds: 5 }, 'leaseNotAllowed', /no leases/],
      [{ leaseSeconds: 0 }, 'badRequest', /leaseSeconds/],
      [{ waitSeconds: -1 }, 'badRequest', /waitSeconds/],
      [{ waitSeconds: Number.NaN }, 'badRequest', /waitSeconds/],
      [{ claimId: '' }, 'badRequest', /claimId/],
      [{ claimId: 'auto-1' }, 'badRequest', /reserved/],
      [{ claimId: 'a\u0000b' }, 'badRequest', /printable/],
      [{ claimId: 'x'.repeat(201) }, 'badRequest', /200/],
      [{ holder: 'a\nb' }, 'badRequest', /holder/],
      [{ labels: { 'pilotlight.dev/pool': 'x' } }, 'badRequest', /does not write itself/],
      [{ labels: { 'app.kubernetes.io/managed-by': 'x' } }, 'badRequest', /itself/],
      [{ labels: { 'not a key': 'x' } }, 'badRequest', /keys as Kubernetes/],
      [{ labels: { key: 'not a value!' } }, 'badRequest', /label value/],
      [{ annotations: { key: 'x'.repeat(20_000) } }, 'badRequest', /16384/],
    ];
    for (const [change, code, words] of refusals) {
      await assert.rejects(claims.claim({ ...now, ...change }), (error) => {
        hasCode(code)(error);
        assert.match((error as ClaimError).message, words);
        return true;
      });
    }
    assert.deepEqual(replica.calls, []);
    const claim = await claims.claim(now);
    assert.ok(claim.lease);
  });
});
