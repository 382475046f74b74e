import assert from 'node:assert/strict';
import type { ClaimError } from '../../src/claims/claim-error.ts';
import { PoolLine } from '../../src/claims/pool-line.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { ClaimsWorld, type Fate, kindOf, type Replica } from './claims-world.ts';
import { hasCode } from './has-code.ts';

const now = { pool: 'small', waitSeconds: 0 };

describe('the line of a pool', () => {
  let world: ClaimsWorld;
  let replica: Replica;

  beforeEach(async () => {
    world = await ClaimsWorld.start();
    await world.publish();
    replica = await world.startReplica({ maxWaitingPerPool: 5 });
  });

  afterEach(() => world.stop());

  const waiting = (): number => replica.claims.poolSummary('small')?.waiting ?? -1;

  it('serves in the order of arrival, several at once, as pods turn warm', async () => {
    const order: number[] = [];
    const claims = [0, 1, 2, 3].map(async (index) => {
      const claim = await replica.claims.claim({ pool: 'small', waitSeconds: 5 });
      order.push(index);
      return claim;
    });
    await eventually('the line', () => waiting() === 4);
    world.addPod();
    await claims[0];
    world.addPod();
    world.addPod();
    world.addPod();
    const served = await Promise.all(claims);
    assert.equal(order[0], 0);
    assert.ok(served.every(({ hit, waitedMs }) => !hit && waitedMs > 0));
    assert.equal(new Set(served.map(({ pod }) => pod.uid)).size, 4);
  });

  it('serves 300 waiters in the order of arrival, and tells the pool few times (P9)', async () => {
    const roomy = await world.startReplica();
    const order: number[] = [];
    const claims = Array.from({ length: 300 }, async (_, index) => {
      const claim = await roomy.claims.claim({ pool: 'small', waitSeconds: 30 });
      order.push(index);
      return claim;
    });
    await eventually('the line', () => roomy.claims.poolSummary('small')?.waiting === 300);
    // One pod at a time has one order; five at a time may be answered in any.
    for (let served = 0; served < 300; served += 5) {
      for (let count = 0; count < 5; count += 1) world.addPod();
      await eventually('five answers', () => order.length === served + 5);
      const batch = order.slice(served).toSorted((a, b) => a - b);
      assert.deepEqual(batch, [served, served + 1, served + 2, served + 3, served + 4]);
    }
    const pods = await Promise.all(claims);
    assert.equal(new Set(pods.map(({ pod }) => pod.uid)).size, 300);
    await eventually('the last report', () => roomy.demand.at(-1)?.report.waiting === 0);
    assert.ok(roomy.demand.length <= 50, `${roomy.demand.length} reports`);
  });

  // 500 claims that waited for a pool of 5 made it create 518 pods: the watch showed it the claimed
  // pods before the API server's answers reached the replica, which reported those claims as waiting.
  it('counts a claim no more once its pod is seen to be claimed, before the answer (L4, P1)', async () => {
    const seen = Promise.withResolvers<number>();
    replica.fate = async (call): Promise<Fate> => {
      if (kindOf(call) !== 'PATCH pods') return 'carriedOut';
      // Carried out, and its answer held back until the watch is ahead of it.
      replica.fate = () => 'carriedOut';
      await world.connection.send(call);
      await world.caughtUp(replica);
      seen.resolve(waiting());
      return 'carriedOut';
    };
    const claim = replica.claims.claim({ pool: 'small', waitSeconds: 5 });
    await eventually('the line', () => waiting() === 1);
    world.addPod();
    assert.equal(await seen.promise, 0);
    assert.equal((await claim).hit, false);
  });

  it('tells the pool of a claim that was answered ahead of the watch until it catches up (L4)', () => {
    const line = new PoolLine({
      take: () => null,
      tryOut: () => undefined,
      isTaken: () => false,
      onChange: () => undefined,
    });
    for (const version of ['12', '9', '101']) line.noteServed(version);
    assert.deepEqual([line.demandAt('9'), line.waiting], [2, 0]);
    assert.equal(line.demandAt('100'), 1);
    assert.equal(line.demandAt('101'), 0);
  });

  it('lets a loser go back to its place in front', async () => {
    const answered: string[] = [];
    const claims = ['a', 'b'].map(async (claimId) => {
      await replica.claims.claim({ pool: 'small', waitSeconds: 5, claimId });
      answered.push(claimId);
    });
    await eventually('the line', () => waiting() === 2);
    let isLost = false;
    replica.fate = (call) => {
      if (kindOf(call) === 'PATCH pods' && !isLost) {
        isLost = true;
        world.remove(call.path.split('/').at(-1)!);
      }
      return 'carriedOut';
    };
    world.addPod();
    await eventually('the loss', () => isLost && waiting() === 2);
    world.addPod();
    await claims[0];
    world.addPod();
    await Promise.all(claims);
    assert.deepEqual(answered, ['a', 'b']);
  });

  it('answers a miss at its deadline with the time to come again', async () => {
    const startedAtMs = performance.now();
    await assert.rejects(
      replica.claims.claim({ pool: 'small', waitSeconds: 0.1 }),
      (error: ClaimError) => {
        hasCode('poolMiss')(error);
        assert.equal(error.retryAfterSeconds, 10);
        return true;
      },
    );
    assert.ok(performance.now() - startedAtMs < 1_000);
    assert.equal(waiting(), 0);
  });

  it('refuses more than its limit, and lets leave who goes away', async () => {
    const gone = new AbortController();
    const claims = Array.from({ length: 5 }, () =>
      replica.claims.claim({ pool: 'small', waitSeconds: 5 }, { signal: gone.signal }),
    );
    await eventually('the line', () => waiting() === 5);
    const late = replica.claims.claim({ pool: 'small', waitSeconds: 5 });
    await assert.rejects(late, hasCode('tooManyWaiting'));
    gone.abort();
    await Promise.allSettled(claims);
    assert.equal(waiting(), 0);
  });

  it('is sent away when the pool drains or goes', async () => {
    const claim = replica.claims.claim({ pool: 'small', waitSeconds: 5 });
    await eventually('the line', () => waiting() === 1);
    await world.publish({ acceptsClaims: false });
    await assert.rejects(claim, hasCode('poolDraining'));
  });

  it('is sent to another replica when this one stops, and what is under way is finished', async () => {
    world.addPod();
    await world.caughtUp(replica);
    const hold = Promise.withResolvers<undefined>();
    replica.fate = async (): Promise<Fate> => {
      await hold.promise;
      return 'carriedOut';
    };
    const underWay = replica.claims.claim({ pool: 'small', waitSeconds: 5 });
    const parked = replica.claims.claim({ pool: 'small', waitSeconds: 5 });
    await eventually('the line', () => waiting() === 1);
    const stopped = replica.claims.stop();
    await assert.rejects(parked, hasCode('shuttingDown'));
    await assert.rejects(replica.claims.claim(now), hasCode('shuttingDown'));
    hold.resolve(undefined);
    assert.ok((await underWay).pod);
    await stopped;
  });

  it('tells the pool at once how many wait, then what changed, with the version of its own claims', async () => {
    const claim = replica.claims.claim({ pool: 'small', waitSeconds: 5 });
    await eventually('the first report', () => replica.demand.length === 1);
    const first = replica.demand[0]!;
    assert.deepEqual([first.pool, first.report.waiting], ['small', 1]);
    assert.ok(first.report.expiresAtMs > Date.now() + 10_000);
    world.addPod();
    const { pod } = await claim;
    await eventually('the second report', () => replica.demand.length === 2);
    const { report } = replica.demand[1]!;
    assert.equal(report.waiting, 0);
    const claimedAt = Number(world.pod(pod.name)?.metadata.resourceVersion);
    assert.ok(Number(report.version) >= claimedAt, `${report.version} < ${claimedAt}`);
  });
});
