import assert from 'node:assert/strict';
import { readState } from '../../src/pool/read-state.ts';
import type { PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState, poolOf } from './examples.ts';

const replica = { waiting: 2, version: '60', expiresAtMs: 9, served: 1 };
const deletion = { atMs: 5, count: 2, unready: 1 };

/** A state in which everything is remembered that can be. */
const carried: PoolState = {
  ...poolOf([examplePod({ ready: true })]),
  demand: { a: replica },
  deletions: [deletion],
  cordoned: { version: '7', nodes: ['n1'] },
  endedNames: { 'p-3': '40' },
  trouble: { atMs: 1, message: 'no worker' },
  recentStartMs: [1_000],
  targetChanges: [{ atMs: 3, from: 2, to: 4, by: 'ann' }],
  nextOrdinal: 4,
};

function read(changes: Record<string, unknown>): PoolState {
  const given: unknown = JSON.parse(JSON.stringify({ ...carried, ...changes }));
  const state = readState(given, exampleState());
  assert.ok(state);
  return state;
}

describe('a carried state', () => {
  it('is read back as it was (P11)', () => {
    assert.deepEqual(read({}), { ...carried, rules: 1 });
  });

  it('has no list under way: activities end with their run', () => {
    const observe = { ...carried.observe, launchedAtVersion: '50' };
    assert.equal(read({ observe }).observe.launchedAtVersion, null);
  });

  for (const [what, value] of [
    ['no object', 7],
    ['no format', {}],
    ['an unknown format', { ...carried, format: 2 }],
    ['no records', { ...carried, records: undefined }],
    ['a list of records', { ...carried, records: [] }],
  ] as const) {
    it(`with ${what} begins a new life`, () => {
      assert.equal(readState(value, exampleState()), null);
    });
  }

  for (const [what, record] of [
    ['is null', null],
    ['has another name', { ...carried.records['p-0'], name: 'p-1' }],
    ['has a pod that is none', { ...carried.records['p-0'], name: 'p-6', pod: 'x' }],
  ] as const) {
    it(`whose record ${what} lists the pods before it plans`, () => {
      const state = read({ records: { 'p-6': record, 'made-by-hand': record } });
      assert.deepEqual([state.records, state.observed, state.observe.dueAtMs], [{}, false, 0]);
      assert.equal(state.nextOrdinal, 7, 'the name stays used');
    });
  }

  for (const field of ['highestVersion', 'floorVersion', 'cluster'] as const) {
    it(`whose ${field} can not be read lists the pods before it plans`, () => {
      assert.equal(read({ [field]: 'x y'.repeat(100) }).observed, false);
    });
  }

  it('keeps what can be read of a record', () => {
    const record = { name: 'p-0', tasks: ['spawn', 'dance'], retiring: 'boredom' };
    const { templateHash, sinceMs, pod, tasks, retiring } = read({ records: { 'p-0': record } })
      .records['p-0']!;
    assert.deepEqual(
      { templateHash, sinceMs, pod, tasks, retiring },
      { templateHash: '', sinceMs: 0, pod: null, tasks: ['spawn'], retiring: null },
    );
    const { 'p-0': known } = read({
      records: {
        'p-0': { ...carried.records['p-0'], templateHash: 5, retiring: 'aged', tasks: 1 },
      },
    }).records;
    assert.deepEqual([known?.templateHash, known?.retiring, known?.tasks], ['abc', 'aged', []]);
  });

  it('keeps what can be read of demand, deletions, ends, starts, nodes and notes', () => {
    const state = read({
      demand: {
        a: { ...replica, served: 'x' },
        b: { ...replica, waiting: 'x' },
        c: { ...replica, version: 5 },
        d: { ...replica, expiresAtMs: null },
        constructor: replica,
      },
      deletions: [deletion, { ...deletion, count: -1, unready: 'x' }, { atMs: 'x' }, null],
      endedNames: { 'p-3': '40', 'p-4': 'x' },
      recentStartMs: [1_000, 'x'],
      cordoned: { version: 'x', nodes: [] },
      trouble: { atMs: 1 },
      lastRefusal: { message: 'x' },
    });
    assert.deepEqual(state.demand, { a: { ...replica, served: 0 } });
    assert.deepEqual(state.deletions, [deletion, { ...deletion, count: 0, unready: 0 }]);
    assert.deepEqual(state.endedNames, { 'p-3': '40' });
    assert.equal(state.nextOrdinal, 5, 'a name stays used whose end can not be read');
    assert.deepEqual(state.recentStartMs, [1_000]);
    assert.deepEqual(state.cordoned, exampleState().cordoned);
    assert.deepEqual([state.trouble, state.lastRefusal], [null, null]);
  });

  it('with lists that are none keeps the rest', () => {
    const state = read({ recentStartMs: 5, deletions: {}, demand: [], failures: 7, paused: 'x' });
    const { recentStartMs, deletions, demand, failures } = exampleState();
    assert.deepEqual(state, {
      ...{ ...carried, rules: 1 },
      ...{ recentStartMs, deletions, demand, failures },
    });
  });

  it('without changes of its target, as of an older release, has none', () => {
    assert.deepEqual(read({ targetChanges: undefined }).targetChanges, []);
  });

  it('without a spec that can be read gets the one it is started with', () => {
    assert.deepEqual(read({ spec: { warmTarget: 9 } }).spec, exampleState().spec);
  });

  it('gets the default for what is outside of the limits of today', () => {
    const { spec } = read({
      spec: { ...carried.spec, maxPending: 1e9, podReadySeconds: 0, warmTarget: 'x', claim: 5 },
    });
    const lowered = read({ spec: { ...carried.spec, warmTarget: 2_000 } }).spec;
    assert.equal(lowered.warmTarget, lowered.maxPods);
    const { maxPending, podReadySeconds, warmTarget, claim } = spec;
    assert.deepEqual(
      { maxPending, podReadySeconds, warmTarget, claim },
      {
        ...{ maxPending: 100, podReadySeconds: 300, warmTarget: 0 },
        claim: { leaseSeconds: 3_600, maxLeaseSeconds: 86_400 },
      },
    );
  });
});
