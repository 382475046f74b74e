import assert from 'node:assert/strict';
import type { RetireResult, SpawnResult } from '../../src/pool/actions.ts';
import { begin } from '../../src/pool/begin.ts';
import { hear } from '../../src/pool/observe.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { settle } from '../../src/pool/settle.ts';
import type { PoolState, RetireReason } from '../../src/pool/state.ts';
import { examplePod, exampleState, poolOf, seen } from './examples.ts';

const pod = examplePod({ ready: true });
const noVerdict = { outcome: 'noVerdict', message: 'no worker answered' } as const;
const failed = { outcome: 'failed', pod, reason: 'ErrImagePull', message: 'x' } as const;

function afterSpawn(state: PoolState, result: SpawnResult, nowMs = 9): PoolState {
  return settle(state, { kind: 'spawn', podName: 'p-0', result }, nowMs);
}

function afterRetire(state: PoolState, result: RetireResult, nowMs = 9): PoolState {
  return settle(state, { kind: 'retire', podName: 'p-0', result }, nowMs);
}

/** A pool that has just begun to make its one pod. */
function making(): PoolState {
  const spawn = { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: null } as const;
  return begin(poolOf([], { warmTarget: 1 }), [spawn], 0);
}

/** A pool whose one pod is being retired. */
function retiring(changes: Partial<PodView> = {}, reason: RetireReason = 'surplus'): PoolState {
  const state = poolOf([{ ...pod, ...changes }], { warmTarget: 0 });
  const end = { podName: 'p-0', uid: 'u0', onlyIfNotReady: false, isLeaseOver: false };
  return begin(state, [{ kind: 'retire', reason, ...end }], 0);
}

describe('settle', () => {
  for (const result of [
    { outcome: 'ready', pod },
    { outcome: 'gone' },
    { outcome: 'nameTaken' },
    { ...failed, pod: { ...pod, ready: false } },
    { outcome: 'refused', reason: 'invalid', message: 'x' },
    noVerdict,
  ] satisfies SpawnResult[]) {
    it(`brings no pod back that has ended meanwhile when its spawn is ${result.outcome} (T3)`, () => {
      const { records, failures } = afterSpawn(poolOf([]), result);
      assert.deepEqual({ records, failures: failures.consecutive }, { records: {}, failures: 0 });
    });
  }

  for (const result of [
    { outcome: 'deleted', pod },
    { outcome: 'gone' },
    { outcome: 'notOurs' },
    { outcome: 'claimedMeanwhile', pod: { ...pod, claimed: true } },
    { outcome: 'readyMeanwhile', pod },
    { outcome: 'renewedMeanwhile', pod: { ...pod, claimed: true } },
    noVerdict,
  ] satisfies RetireResult[]) {
    it(`brings no pod back that has ended meanwhile when its end is ${result.outcome} (T3)`, () => {
      assert.deepEqual(afterRetire(poolOf([]), result).records, {});
    });
  }

  it('launches a spawn without a verdict again after 2 s, under its name (P5, T1)', () => {
    const state = afterSpawn(making(), noVerdict, 1_000);
    assert.deepEqual(state.trouble, { atMs: 1_000, message: 'no worker answered' });
    assert.equal(state.failures.consecutive, 0);
    const launches = (nowMs: number): string[] =>
      plan({ state, nowMs }).actions.flatMap((action) =>
        action.kind === 'spawn' ? [action.podName] : [],
      );
    assert.deepEqual(launches(2_999), []);
    assert.deepEqual(launches(3_000), ['p-0']);
  });

  it('gives a name up that is taken, or whose pod is gone before it was read', () => {
    for (const outcome of ['nameTaken', 'gone'] as const) {
      const { records, endedNames } = afterSpawn(making(), { outcome });
      assert.deepEqual({ records, endedNames }, { records: {}, endedNames: { 'p-0': '50' } });
    }
  });

  it('slows down when a pod was deleted while it started, and not when its time was over', () => {
    const starting = settle(making(), { kind: 'spawn', podName: 'p-0', result: noVerdict }, 0);
    const read = { ...starting.records['p-0']!, pod: examplePod(), tasks: ['spawn' as const] };
    const state = { ...starting, records: { 'p-0': read } };
    const unread = { ...starting, records: { 'p-0': { ...read, pod: null } } };
    assert.equal(afterSpawn(unread, { outcome: 'gone' }, 9_000).disturbances.count, 1);
    assert.equal(afterSpawn(unread, { outcome: 'gone' }, 299_000).disturbances.count, 0);
    assert.equal(afterSpawn(state, { outcome: 'gone' }, 9_000).disturbances.count, 1);
    assert.equal(afterSpawn(state, { outcome: 'gone' }, 299_000).disturbances.count, 0);
  });

  // The page of a pool said that others had taken away what its own spawn had given up.
  it("charges what a spawn gave up to its template, and takes it for nobody else's doing (T2)", () => {
    for (const known of [null, examplePod()]) {
      const record = { ...making().records['p-0']!, pod: known };
      const state = { ...making(), records: { 'p-0': record } };
      const given = examplePod({ version: '60', terminating: true });
      const after = afterSpawn(state, { ...failed, pod: given }, 300_000);
      assert.deepEqual([after.failures.consecutive, after.disturbances.count], [1, 0]);
    }
  });

  it('leaves the failures of a new template to its own pods (F1)', () => {
    const state = afterSpawn(making(), { ...failed, pod: { ...pod, ready: false, version: '60' } });
    assert.equal(state.failures.consecutive, 1);
    const old = { ...pod, templateHash: 'old', version: '70' };
    assert.equal(afterSpawn(state, { outcome: 'ready', pod: old }).failures.consecutive, 1);
  });

  it('takes a pod that does not say when it turned Ready for one that started at once', () => {
    assert.deepEqual(afterSpawn(making(), { outcome: 'ready', pod }).recentStartMs, [0]);
  });

  it('reads nothing off a pod before it knows which cluster it lives in', () => {
    const spawn = { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: null } as const;
    const state = afterSpawn(begin(exampleState(), [spawn], 0), { outcome: 'ready', pod });
    assert.equal(state.records['p-0']?.pod, null);
  });

  it('drops the wish to end a pod that turned out to serve or to be held (P3)', () => {
    for (const outcome of ['readyMeanwhile', 'claimedMeanwhile'] as const) {
      const result = { outcome, pod: { ...pod, version: '60' } };
      const record = afterRetire(retiring(), result).records['p-0'];
      assert.deepEqual([record?.retiring, record?.tasks], [null, []]);
    }
  });

  it('ends a record whose pod is gone, or whose name is no longer ours', () => {
    for (const outcome of ['gone', 'notOurs'] as const) {
      assert.deepEqual(afterRetire(retiring(), { outcome }).records, {});
    }
  });

  it('retires a pod again 2 s after an end without a verdict', () => {
    const state = afterRetire(retiring(), noVerdict, 1_000);
    assert.equal(state.records['p-0']?.retryAtMs, 3_000);
    assert.equal(state.records['p-0'].retiring, 'surplus');
  });

  it('counts the end of a pod that was not Ready as a disturbance, without a reason too', () => {
    const unready = { ...pod, ready: false };
    const given = { outcome: 'deleted', pod: { ...unready, version: '60' } } as const;
    assert.equal(
      afterRetire(retiring(unready, 'unready'), given).disturbances.lastReason,
      'NotReady',
    );
  });

  it('lists again 2 s after a list without a verdict, and says what is wrong', () => {
    const listing = begin(poolOf([]), [{ kind: 'observe' }], 0);
    const state = settle(listing, { kind: 'observe', result: noVerdict }, 1_000);
    assert.equal(state.observe.dueAtMs, 3_000);
    assert.equal(state.observe.launchedAtVersion, null);
    assert.match(state.trouble?.message ?? '', /no worker answered/);
  });

  it('takes in a list that an earlier run had asked for', () => {
    const list = seen([pod], { complete: true, version: '60' });
    const result = { outcome: 'listed', list } as const;
    assert.deepEqual(Object.keys(settle(exampleState(), { kind: 'observe', result }, 0).records), [
      'p-0',
    ]);
  });

  // A worker with the kubeconfig of another cluster was the first to speak to a new pool, which then
  // lived there for good and refused its own cluster.
  it('lets only a list tell a new life where it lives, and lists again if it passed a message over', () => {
    const listing = begin({ ...exampleState(), rules: 2 }, [{ kind: 'observe' }], 0);
    const wrong = seen([pod], { cluster: 'c2', complete: true });
    const told = hear(listing, wrong, 1);
    assert.deepEqual([told.cluster, told.records], [null, {}]);
    const after = (state: PoolState): PoolState => {
      const result = { outcome: 'listed', list: seen([], { complete: true }) } as const;
      return settle(state, { kind: 'observe', result }, 2);
    };
    assert.deepEqual([after(told).cluster, after(told).observe.dueAtMs], ['c1', 2]);
    assert.equal(after(listing).observe.dueAtMs, 60_002);
    assert.ok(hear(after(told), seen([{ ...pod, version: '61' }]), 3).records['p-0']);
    assert.match(hear(after(told), wrong, 3).trouble?.message ?? '', /cluster c2/);
  });

  it('ends its trouble with a list, but not with one of another cluster', () => {
    const troubled = { ...poolOf([]), trouble: { atMs: 1, message: 'old' } };
    const after = (cluster: string): string | undefined => {
      const list = seen([], { complete: true, cluster });
      const result = { outcome: 'listed', list } as const;
      return settle(troubled, { kind: 'observe', result }, 9).trouble?.message;
    };
    assert.equal(after('c1'), undefined);
    assert.match(after('c2') ?? '', /cluster c2/);
  });

  it('writes a card again 2 s after it was not taken', () => {
    const card = plan({ state: poolOf([]), nowMs: 0 }).actions.filter(
      ({ kind }) => kind === 'publish',
    );
    const publishing = begin(poolOf([]), card, 0);
    assert.notEqual(publishing.publish.underWay, null);
    const { publish } = settle(publishing, { kind: 'publish', result: noVerdict }, 1_000);
    assert.deepEqual(publish, {
      ...{ underWay: null, published: null, publishedAtMs: 0, retryAtMs: 3_000 },
    });
  });

  // A card was deleted by hand, and for as long as nothing changed the API knew no such pool.
  it('writes a card again with a list of pods, but not more often than every 10 minutes', () => {
    const publish = { underWay: null, published: 'a card', publishedAtMs: 5_000, retryAtMs: 0 };
    const result = { outcome: 'listed', list: seen([], { complete: true }) } as const;
    const after = (rules: number, nowMs: number): string | null =>
      settle({ ...poolOf([]), rules, publish }, { kind: 'observe', result }, nowMs).publish
        .published;
    assert.equal(after(2, 604_999), 'a card');
    assert.equal(after(2, 605_000), null);
    assert.equal(after(1, 605_000), 'a card', 'a recorded history goes on as it was');
  });
});
