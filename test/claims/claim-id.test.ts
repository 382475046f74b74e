import assert from 'node:assert/strict';
import { pods as podResource } from '../../dev/simulated/resources.ts';
import { claimHashOf } from '../../src/claims/claim-hash.ts';
import { createClaimRecord } from '../../src/kubernetes/claim-records.ts';
import { annotations, labels } from '../../src/pool/labels.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { ClaimsWorld, type Fate, kindOf } from './claims-world.ts';
import { hasCode } from './has-code.ts';

const now = { pool: 'small', waitSeconds: 0 };

describe('a claim with a claimId', () => {
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

  const named = { ...now, claimId: 'order 7/ä' };

  it('costs one write more, and the record goes with the pod', async () => {
    const { name } = world.addPod().metadata;
    const replica = await world.startReplica();
    const claim = await replica.claims.claim(named);
    assert.equal(claim.claimId, named.claimId);
    assert.deepEqual(replica.calls, ['POST leases', 'PATCH pods']);
    assert.equal(world.record()?.metadata.annotations?.[annotations.podName], name);
    world.remove(name);
    await eventually('the end of the record', () => world.record() === undefined);
  });

  it('gives the same pod when it is repeated, here, elsewhere, and when no pod is left', async () => {
    world.addPod();
    world.addPod();
    const first = await world.startReplica();
    const second = await world.startReplica();
    const claim = await first.claims.claim(named);
    assert.deepEqual((await first.claims.claim(named)).pod, claim.pod);
    assert.deepEqual((await second.claims.claim(named)).pod, claim.pod);
    await second.claims.claim(now);
    assert.deepEqual((await second.claims.claim(named)).pod, claim.pod);
    assert.deepEqual((await second.claims.claim(named)).lease, claim.lease);
  });

  it('gives one pod when it is sent ten times at once to three replicas (P2)', async () => {
    for (let count = 0; count < 6; count += 1) world.addPod();
    const replicas = [
      await world.startReplica(),
      await world.startReplica(),
      await world.startReplica(),
    ];
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) => replicas[index % 3]!.claims.claim(named)),
    );
    assert.equal(new Set(claims.map(({ pod }) => pod.uid)).size, 1);
    assert.equal(podNames().filter((name) => claimIdOn(name)).length, 1);
  });

  it('gives the same pod after the answer to any of its calls was lost (P2)', async () => {
    for (const lost of ['POST leases', 'PATCH pods']) {
      const claimId = `lost ${lost}`;
      const { name } = world.addPod().metadata;
      const replica = await world.startReplica();
      replica.fate = (call) => (kindOf(call) === lost ? 'answerLost' : 'carriedOut');
      const claim = await replica.claims.claim({ ...now, claimId });
      assert.equal(claim.pod.name, name);
      assert.equal(claimIdOn(name), claimId);
    }
  });

  it('is served by another replica while it waits in line here', async () => {
    const first = await world.startReplica();
    const second = await world.startReplica();
    const waiting = first.claims.claim({ ...named, waitSeconds: 5 });
    await eventually('the line', () => first.claims.poolSummary('small')?.waiting === 1);
    // The first replica sees the pod only once it is claimed.
    const { name } = world.addPod({ ready: false }).metadata;
    await world.caughtUp(first);
    const hold = Promise.withResolvers<undefined>();
    first.fate = async (): Promise<Fate> => {
      await hold.promise;
      return 'carriedOut';
    };
    const there = second.claims.claim({ ...named, waitSeconds: 5 });
    world.setReady(name, true);
    const claim = await there;
    hold.resolve(undefined);
    assert.deepEqual((await waiting).pod, claim.pod);
  });

  it('finds the pod that it got elsewhere although it never saw it warm', async () => {
    const replica = await world.startReplica();
    const waiting = replica.claims.claim({ ...named, waitSeconds: 5 });
    await eventually('the line', () => replica.claims.poolSummary('small')?.waiting === 1);
    const { metadata } = world.addPod({ ready: false });
    const claimHash = claimHashOf(named.claimId);
    const claim = { claimId: named.claimId, claimHash, pool: 'small' };
    const place = { connection: world.connection, namespace: 'default' };
    const { name: podName, uid: podUid } = metadata;
    await createClaimRecord({ ...place, ...claim, podName, podUid });
    const { status } = world.addPod({ pool: 'other' });
    world.store.put(podResource, {
      ...world.pod(podName)!,
      metadata: {
        ...metadata,
        labels: { ...metadata.labels, [labels.state]: 'claimed', [labels.claim]: claimHash },
        annotations: { [annotations.claimId]: named.claimId },
      },
      status,
    });
    assert.equal((await waiting).pod.uid, podUid);
  });

  it('joins its own wait, and ends for each caller at its own time', async () => {
    const replica = await world.startReplica();
    const long = replica.claims.claim({ ...named, waitSeconds: 5 });
    await eventually('the line', () => replica.claims.poolSummary('small')?.waiting === 1);
    await assert.rejects(replica.claims.claim(named), hasCode('poolMiss'));
    const also = replica.claims.claim({ ...named, waitSeconds: 5 });
    assert.equal(replica.claims.poolSummary('small')?.waiting, 1);
    world.addPod();
    assert.deepEqual((await long).pod, (await also).pod);
  });

  it('moves the record when a rival took its pod, and deletes one that is not Ready (P2)', async () => {
    const replica = await world.startReplica();
    const rival = await world.startReplica();
    world.addPod();
    await world.caughtUp(replica);
    await world.caughtUp(rival);
    replica.fate = async (call): Promise<Fate> => {
      if (kindOf(call) === 'PATCH pods' && rival.calls.length === 0) await rival.claims.claim(now);
      return 'carriedOut';
    };
    await assert.rejects(replica.claims.claim(named), hasCode('poolMiss'));
    const second = world.addPod().metadata.name;
    await world.caughtUp(replica);
    let isSpoilt = false;
    replica.fate = (call) => {
      if (kindOf(call) === 'PATCH pods' && !isSpoilt) {
        isSpoilt = true;
        world.setReady(second, false);
      }
      return 'carriedOut';
    };
    const claim = replica.claims.claim({ ...named, waitSeconds: 5 });
    await eventually('the deletion', () => Boolean(world.pod(second)?.metadata.deletionTimestamp));
    const third = world.addPod().metadata;
    assert.equal((await claim).pod.name, third.name);
    assert.equal(world.record()?.metadata.annotations?.[annotations.podUid], third.uid);
    assert.equal(world.record()?.metadata.ownerReferences?.[0]?.uid, third.uid);
  });

  it('is refused for another pool, wherever that is asked', async () => {
    await world.publish({ pool: 'large' });
    world.addPod();
    world.addPod({ pool: 'large' });
    const first = await world.startReplica();
    const second = await world.startReplica();
    await first.claims.claim(named);
    for (const { claims } of [first, second]) {
      await assert.rejects(claims.claim({ ...named, pool: 'large' }), hasCode('claimIdInUse'));
    }
    assert.equal(claimIdOn('large-2'), undefined);
  });

  it('is kept when its caller leaves, for who repeats it', async () => {
    world.addPod();
    const replica = await world.startReplica();
    const gone = new AbortController();
    replica.fate = (call) => {
      if (kindOf(call) === 'PATCH pods') gone.abort();
      return 'carriedOut';
    };
    await assert.rejects(
      replica.claims.claim(named, { signal: gone.signal }),
      hasCode('claimEnded'),
    );
    replica.fate = () => 'carriedOut';
    const claim = await replica.claims.claim(named);
    assert.equal(claimIdOn(claim.pod.name), named.claimId);
  });

  it('is told that it is lost, or released, while its pod is ending, and begins anew after', async () => {
    const { name } = world.addPod().metadata;
    const first = await world.startReplica();
    const second = await world.startReplica();
    await first.claims.claim(named);
    await first.claims.release(named.claimId);
    await world.caughtUp(second);
    await assert.rejects(first.claims.claim(named), hasCode('claimEnded'));
    await assert.rejects(second.claims.claim(named), hasCode('claimLost'));
    world.remove(name);
    await eventually('the end of the record', () => world.record() === undefined);
    world.addPod();
    await world.caughtUp(first);
    assert.notEqual((await first.claims.claim(named)).pod.name, name);
  });
});
