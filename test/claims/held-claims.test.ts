import assert from 'node:assert/strict';
import { pods as podResource } from '../../dev/simulated/resources.ts';
import type { Claim } from '../../src/claims/claim.ts';
import type { ClaimError } from '../../src/claims/claim-error.ts';
import { annotations } from '../../src/pool/labels.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { ClaimsWorld, type Fate, kindOf, type Replica } from './claims-world.ts';
import { hasCode } from './has-code.ts';

const now = { pool: 'small', waitSeconds: 0 };

describe('a claim that is held', () => {
  let world: ClaimsWorld;
  let first: Replica;
  let second: Replica;
  let claim: Claim;

  beforeEach(async () => {
    world = await ClaimsWorld.start();
    await world.publish();
    world.addPod();
    first = await world.startReplica();
    second = await world.startReplica();
    claim = await first.claims.claim({ ...now, claimId: 'mine', holder: 'me' });
  });

  afterEach(() => world.stop());

  it('is shown by every replica at once', async () => {
    for (const { claims } of [first, second]) {
      const state = await claims.get('mine');
      assert.deepEqual([state.state, state.holder, state.pod], ['held', 'me', claim.pod]);
      assert.deepEqual(state.lease, claim.lease);
    }
    assert.equal(first.claims.list()[0]?.claimId, 'mine');
    assert.deepEqual(first.claims.list({ pool: 'other' }), []);
    await assert.rejects(second.claims.get('unknown'), hasCode('claimNotFound'));
    const summary = first.claims.poolSummary('small');
    assert.deepEqual([summary?.claimed, summary?.warm], [1, 0]);
    assert.equal(first.claims.poolSummaries().length, 1);
  });

  it('is renewed by any replica, never shortened, and keeps its length', async () => {
    const longer = await second.claims.renew('mine', 300);
    assert.equal(longer.lease?.seconds, 300);
    assert.ok(longer.lease.expiresAt > claim.lease!.expiresAt);
    const shorter = await second.claims.renew('mine', 10);
    assert.equal(shorter.lease?.expiresAt, longer.lease.expiresAt);
    // The first replica's watch may be behind: it reads and tries again.
    const again = await first.claims.renew('mine', 500);
    assert.ok(again.lease!.expiresAt > longer.lease.expiresAt);
    await assert.rejects(first.claims.renew('mine', 601), hasCode('leaseNotAllowed'));
    await assert.rejects(first.claims.renew('mine', 1.5), hasCode('badRequest'));
    await assert.rejects(first.claims.renew('unknown'), hasCode('claimNotFound'));
  });

  it('is not renewed in error when two renew at once', async () => {
    const ends = await Promise.all([100, 400, 200, 300].map((s) => first.claims.renew('mine', s)));
    const last = Date.parse((await second.claims.get('mine')).lease!.expiresAt);
    assert.ok(ends.every(({ lease }) => Date.parse(lease!.expiresAt) <= last));
    assert.ok(last > Date.now() + 390_000);
  });

  it('is released once: repeating it changes nothing, and nothing else dies', async () => {
    const other = world.addPod().metadata.name;
    const released = await first.claims.release('mine', { reason: 'unhealthy' });
    assert.deepEqual(released, {
      claimId: 'mine',
      pool: 'small',
      reason: 'unhealthy',
      hadEnded: false,
    });
    const metadata = world.pod(claim.pod.name)!.metadata;
    assert.equal(metadata.annotations?.[annotations.releaseReason], 'unhealthy');
    assert.ok(metadata.deletionTimestamp);
    assert.equal((await first.claims.release('mine')).hadEnded, true);
    await world.caughtUp(second);
    assert.equal((await second.claims.release('mine')).hadEnded, true);
    world.remove(claim.pod.name);
    await eventually('the end', () => second.cache.get(claim.pod.name) === undefined);
    assert.equal((await first.claims.release('mine')).hadEnded, true);
    assert.equal((await second.claims.release('mine')).hadEnded, true);
    assert.equal(world.pod(other)?.metadata.deletionTimestamp, undefined);
    for (const { claims } of [first, second]) {
      await assert.rejects(claims.get('mine'), hasCode('claimEnded'));
      await assert.rejects(claims.renew('mine'), hasCode('claimEnded'));
    }
    await assert.rejects(first.claims.release('foreign'), hasCode('claimNotFound'));
    await assert.rejects(first.claims.release('mine', { reason: 'a\nb' }), hasCode('badRequest'));
  });

  it('is released in one write, and also when the answer to it is lost', async () => {
    first.calls.length = 0;
    let isFirst = true;
    first.fate = () => {
      const fate = isFirst ? 'answerLost' : 'carriedOut';
      isFirst = false;
      return fate;
    };
    await first.claims.release('mine');
    assert.deepEqual(first.calls, ['DELETE pods', 'DELETE pods']);
    assert.deepEqual(first.claims.list(), []);
  });

  it('is lost when its pod fails or vanishes, with the reason', async () => {
    const pod = world.pod(claim.pod.name)!;
    const status = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory' };
    world.store.put(podResource, { ...pod, status });
    await world.caughtUp(second);
    const state = await second.claims.get('mine');
    assert.deepEqual([state.state, state.lost?.reason], ['lost', 'Evicted']);
    await assert.rejects(second.claims.renew('mine'), hasCode('claimLost'));
    await world.caughtUp(first);
    await assert.rejects(first.claims.claim({ ...now, claimId: 'mine' }), hasCode('claimLost'));
    world.remove(claim.pod.name);
    await eventually('the end', () => second.cache.get(claim.pod.name) === undefined);
    await assert.rejects(second.claims.get('mine'), (error: ClaimError) => {
      hasCode('claimLost')(error);
      return error.details['reason'] === 'Evicted';
    });
  });

  // Each of three replicas counted the other two's releases as losses, and warned of them.
  it('is no loss that another replica counts when it is released or its pod is deleted', async () => {
    await first.claims.release('mine');
    world.remove(claim.pod.name);
    await eventually('the end', () => second.cache.get(claim.pod.name) === undefined);
    await assert.rejects(second.claims.get('mine'), hasCode('claimLost'));
    for (const { events } of [first, second]) {
      assert.deepEqual(
        events.filter(({ kind }) => kind === 'lost'),
        [],
      );
    }
  });

  it('is a loss that every replica counts when its pod is evicted', async () => {
    const pod = world.pod(claim.pod.name)!;
    const conditions = [{ type: 'DisruptionTarget', status: 'True' }];
    world.store.put(podResource, { ...pod, status: { phase: 'Running', conditions } });
    world.remove(claim.pod.name);
    await eventually('the end', () => second.cache.get(claim.pod.name) === undefined);
    const lost = second.events.filter(({ kind }) => kind === 'lost');
    assert.deepEqual(lost, [{ kind: 'lost', pool: 'small', reason: 'Gone' }]);
  });

  it('is lost for who renews it a moment after its pod vanished', async () => {
    first.fate = (call) => {
      if (kindOf(call) === 'PATCH pods') world.remove(claim.pod.name);
      return 'carriedOut';
    };
    await assert.rejects(first.claims.renew('mine', 300), hasCode('claimLost'));
    await assert.rejects(first.claims.get('mine'), hasCode('claimLost'));
  });

  it('is not renewed while others renew it all the time, and says to come again', async () => {
    let seconds = 100;
    first.fate = async (call): Promise<Fate> => {
      seconds += 1;
      if (kindOf(call) === 'PATCH pods') await second.claims.renew('mine', seconds);
      return 'carriedOut';
    };
    await assert.rejects(first.claims.renew('mine', 500), hasCode('clusterUnavailable'));
  });

  it('is still held while its pod is not Ready', async () => {
    world.setReady(claim.pod.name, false);
    await world.caughtUp(first);
    assert.equal((await first.claims.get('mine')).state, 'held');
    const again = await first.claims.claim({ ...now, claimId: 'mine' });
    assert.deepEqual(again.pod, claim.pod);
  });

  it('has ended for who releases it while it waits in line', async () => {
    const waiting = first.claims.claim({ pool: 'small', waitSeconds: 5, claimId: 'queued' });
    await eventually('the line', () => first.claims.poolSummary('small')?.waiting === 1);
    const [, released] = await Promise.all([
      assert.rejects(waiting, hasCode('claimEnded')),
      first.claims.release('queued'),
    ]);
    assert.equal(released.hadEnded, false);
  });
});
