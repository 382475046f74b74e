import assert from 'node:assert/strict';
import fc from 'fast-check';
import { begin } from '../../src/pool/begin.ts';
import { observe, observeList } from '../../src/pool/observe.ts';
import { readObservation, type Observation } from '../../src/pool/observation.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import type { RetireResult } from '../../src/pool/actions.ts';
import { settle } from '../../src/pool/settle.ts';
import type { PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState, poolOf, seen } from './examples.ts';

const cluster = 'c1';

/** What decisions depend on. Bookkeeping such as `sinceMs` differs with the order of arrival. */
function facts(state: PoolState): unknown {
  const records = Object.values(state.records).map(({ name, pod, templateHash, retiring }) => ({
    name,
    pod,
    templateHash,
    retiring,
  }));
  return records.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A true history of a namespace: each step touches one pod, and versions rise by one. */
const history = fc.array(
  fc.record({ pod: fc.nat({ max: 3 }), what: fc.constantFrom('change', 'delete', 'list') }),
  { maxLength: 25 },
);

/** The messages that a watcher could make of a history, and the pods at its end. */
function tellHistory(steps: { pod: number; what: string }[]): {
  messages: Observation[];
  finally_: PodView[];
} {
  const live = new Map<string, PodView>();
  const used = [0, 0, 0, 0];
  const messages: Observation[] = [];
  let version = 100;
  for (const { pod, what } of steps) {
    version += 1;
    const base = { cluster, version: String(version), pods: [], gone: [], complete: false };
    // A name is never used twice, so each life of pod 0 to 3 has a name of its own.
    const name = `p-${pod + 4 * (used[pod] ?? 0)}`;
    const known = live.get(name);
    if (what === 'list') {
      messages.push({ ...base, pods: [...live.values()], complete: true });
    } else if (what === 'change') {
      const view = examplePod({
        name,
        uid: `u-${name}`,
        version: String(version),
        ready: known !== undefined,
      });
      live.set(name, view);
      messages.push({ ...base, pods: [view] });
    } else if (known !== undefined) {
      live.delete(name);
      used[pod] = (used[pod] ?? 0) + 1;
      messages.push({ ...base, gone: [{ name, uid: known.uid, version: String(version) }] });
    }
  }
  const end = { cluster, version: String(version + 1), gone: [], complete: true };
  messages.push({ ...end, pods: [...live.values()] });
  return { messages, finally_: [...live.values()] };
}

type Ended = ReturnType<typeof exampleState>['endedNames'];

describe('observe', () => {
  it('gives the same records whatever order messages come in, however often (O1)', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), (steps, dice) => {
        const choices = dice.values();
        const { messages, finally_ } = tellHistory(steps);
        const dealt = [...messages, ...messages.filter(() => (choices.next().value ?? 0) % 2 === 0)]
          .map((message) => ({ message, at: choices.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ message }) => message);
        const state = dealt.reduce((known, m) => observe(known, m, 5), exampleState());
        const expected = finally_
          .map((pod) => ({ name: pod.name, pod, templateHash: 'abc', retiring: null }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
        assert.deepEqual(facts(state), expected);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a record whose pod was never read when a list lacks it (O2)', () => {
    const state = exampleState();
    state.records['p-0'] = {
      ...{ name: 'p-0', templateHash: 'abc', sinceMs: 0, pod: null, unreadySinceMs: null },
      ...{ tasks: ['spawn'], retiring: null, retryAtMs: 0 },
    };
    const list = { cluster, version: '50', pods: [], gone: [], complete: true };
    assert.ok(observe(state, list, 1).records['p-0']);
  });

  it('takes in an unknown claimed pod as claimed and continues after its ordinal (O3)', () => {
    const pod = examplePod({ name: 'p-z', claimed: true });
    const list = { cluster, version: '50', pods: [pod], gone: [], complete: true };
    const state = observe(exampleState(), list, 1);
    assert.equal(state.records['p-z']?.pod?.claimed, true);
    assert.equal(state.nextOrdinal, 36);
  });

  it('replaces all records when a consistent list is older than what was known (O4)', () => {
    const first = { cluster, version: '500', gone: [], complete: true };
    const before = observe(exampleState(), { ...first, pods: [examplePod({ version: '400' })] }, 1);
    const rewound = observeList({
      state: before,
      list: {
        ...first,
        version: '90',
        pods: [examplePod({ name: 'p-1', uid: 'u1', version: '80' })],
      },
      launchedAtVersion: before.highestVersion,
      nowMs: 2,
    });
    assert.deepEqual(Object.keys(rewound.records), ['p-1']);
    assert.equal(rewound.highestVersion, '90');
  });

  // A backup holds leases as they were then: one that was renewed since looks over for hours.
  it('leaves leases that a rewound list shows over to their holders for a minute (O4, P3, P12)', () => {
    const claimed = examplePod({ version: '400', claimed: true, leaseExpiresAtMs: 9_000_000 });
    const first = { cluster, version: '500', gone: [], complete: true };
    const before = observe({ ...exampleState(), rules: 2 }, { ...first, pods: [claimed] }, 1);
    assert.equal(before.lease.heldUntilMs, 0);
    const nowMs = 8_000_000;
    const restored = { ...claimed, version: '80', leaseExpiresAtMs: 5_000_000 };
    const rewound = observeList({
      state: before,
      list: { ...first, version: '90', pods: [restored] },
      launchedAtVersion: before.highestVersion,
      nowMs,
    });
    assert.equal(rewound.records['p-0']?.pod?.leaseExpiresAtMs, 5_000_000);
    assert.equal(rewound.lease.heldUntilMs, nowMs + 60_000);
  });

  // Found by the model of a cluster that is set back: versions had caught up before any list, so the
  // list was not older than what was known, and the records stayed as another past had left them.
  describe('of a cluster that was set back, once its versions have caught up', () => {
    const listOf = (version: string, pods: PodView[]): Observation => ({
      ...{ cluster, version, pods, gone: [], complete: true },
    });
    const taken = (state: PoolState, list: Observation, nowMs = 5): PodView[] =>
      Object.values(
        observeList({ state, list, launchedAtVersion: list.version, nowMs }).records,
      ).flatMap(({ pod }) => pod ?? []);

    it('takes in again what had ended', () => {
      const seen = observe(exampleState(), listOf('10', [examplePod({ version: '9' })]), 5);
      const ended = observe(seen, listOf('12', []), 5);
      const back = examplePod({ version: '9' });
      assert.deepEqual(taken(ended, listOf('13', [back])), [back]);
    });

    it('takes an older reading of a pod, and another one of the same version', () => {
      const claimed = examplePod({ version: '11', claimed: true });
      const state = observe(exampleState(), listOf('11', [claimed]), 5);
      for (const version of ['9', '11']) {
        const back = examplePod({ version });
        assert.deepEqual(taken(state, listOf('12', [back])), [back]);
      }
    });

    it('believes in a deletion of its own until a list that began after it', () => {
      const pod = examplePod({ version: '9' });
      const state = observe(exampleState(), listOf('10', [pod]), 5);
      const record = { ...state.records['p-0']!, pod: { ...pod, terminating: true } };
      const deleted = { ...state, records: { 'p-0': { ...record, retryAtMs: 60_000 } } };
      assert.equal(taken(deleted, listOf('11', [pod]), 59_999)[0]?.terminating, true);
      assert.deepEqual(taken(deleted, listOf('11', [pod]), 60_000), [pod]);
    });
  });

  // A quiet pool would have noticed a restore only with its next list, after up to an hour.
  it('lists at once when a snapshot is older than what it knows (O4)', () => {
    const quiet = { ...poolOf([]), observe: { ...poolOf([]).observe, dueAtMs: 3_600_000 } };
    const dueAtMs = (message: Observation, rules = 2): number =>
      observe({ ...quiet, rules }, message, 9).observe.dueAtMs;
    assert.equal(dueAtMs(seen([], { complete: true, version: '49' })), 9);
    assert.equal(dueAtMs(seen([], { complete: true, version: '50' })), 3_600_000);
    assert.equal(dueAtMs(seen([], { version: '49' })), 3_600_000);
    assert.equal(dueAtMs(seen([], { complete: true, version: '49' }), 1), 3_600_000);
  });

  it('takes nothing from another cluster, and says so', () => {
    const mine = observe(
      exampleState(),
      { cluster, version: '5', pods: [examplePod()], gone: [], complete: true },
      1,
    );
    const other = { cluster: 'c2', version: '900', pods: [], gone: [], complete: true };
    const after = observe(mine, other, 2);
    assert.deepEqual(after.records, mine.records);
    assert.match(after.trouble?.message ?? '', /cluster c2/);
  });

  // A pod may be called `constructor`, which every plain object inherits: looked up as a record, it
  // made the handler of the signal throw, and a handler that throws blocks the pool for good.
  it('passes over a pod whose name every object inherits (P8)', () => {
    const pod = examplePod({ name: 'constructor' });
    const message = { cluster, version: '50', pods: [pod], complete: true };
    const gone = [{ name: 'constructor', uid: 'u', version: '50' }];
    assert.deepEqual(observe(exampleState(), { ...message, gone }, 1).records, {});
    assert.ok(!('refusal' in readObservation({ ...message, gone })));
  });

  it('passes over what is older than what it knows (S3, S4)', () => {
    const known = seen([examplePod({ version: '60', ready: true })]);
    const state = observe(poolOf([]), known, 1);
    const older = examplePod({ version: '55' });
    assert.equal(observe(state, seen([older]), 2).records['p-0']?.pod?.ready, true);
    const earlier = [{ name: 'p-0', uid: 'of-an-earlier-life', version: '59' }];
    assert.ok(observe(state, seen([], { gone: earlier }), 2).records['p-0']);
    const ended = observe(state, seen([], { gone: [{ ...earlier[0]!, uid: 'u0' }] }), 2);
    assert.deepEqual(observe(ended, seen([older]), 3).records, {});
  });

  it('takes the end of an earlier life of a name for the end of a later one only if it is newer', () => {
    const state = observe(poolOf([]), seen([examplePod({ version: '60' })]), 1);
    const gone = [{ name: 'p-0', uid: 'other', version: '61' }];
    assert.deepEqual(observe(state, seen([], { gone }), 2).records, {});
  });

  it('counts a pod as taken away when it is evicted, deleted or lost unclaimed', () => {
    const counted = (before: Partial<PodView>, after: Partial<PodView>): number => {
      const state = poolOf([examplePod({ ready: true, ...before })]);
      const pod = examplePod({ ...before, ready: false, version: '60', ...after });
      return observe(state, seen([pod]), 1_000).disturbances.count;
    };
    assert.equal(counted({}, { ended: true, reason: 'Evicted' }), 1);
    assert.equal(counted({}, { ended: true }), 1);
    assert.equal(counted({}, { terminating: true }), 1);
    assert.equal(counted({ ready: false }, { terminating: true }), 1);
    assert.equal(counted({}, {}), 0);
    assert.equal(counted({}, { ended: true, reason: 'OOMKilled' }), 0);
    assert.equal(counted({ terminating: true }, { terminating: true, ended: true }), 0);
    assert.equal(counted({ ended: true, reason: 'Evicted' }, { terminating: true }), 0);
    assert.equal(counted({ claimed: true }, { terminating: true }), 0);
    assert.equal(counted({}, { claimed: true, terminating: true }), 0);
  });

  // The API server marks a pod that it evicts, then deletes it: a pool that read the mark by itself began
  // to retire the pod, took its end for its own doing, and was patient with nobody.
  it('counts a pod as taken away whose mark for disruption was read before its end', () => {
    const marked = poolOf([examplePod({ ready: true, disrupted: true })]);
    const end = { podName: 'p-0', uid: 'u0', onlyIfNotReady: false, isLeaseOver: false };
    const retire = { kind: 'retire', reason: 'disrupted', ...end } as const;
    const retiring = begin(marked, [retire], 0);
    const ending = examplePod({ ready: true, disrupted: true, terminating: true, version: '60' });
    const gone = seen([], { gone: [{ name: 'p-0', uid: 'u0', version: '61' }] });
    const terminated = observe(retiring, seen([ending]), 1_000);
    assert.equal(terminated.disturbances.count, 1);
    assert.equal(observe(terminated, gone, 2_000).disturbances.count, 1);
    assert.equal(observe(retiring, gone, 2_000).disturbances.count, 1);
    const settled = (result: RetireResult): PoolState =>
      settle(retiring, { kind: 'retire', podName: 'p-0', result }, 1_000);
    for (const result of [{ outcome: 'gone' }, { outcome: 'deleted', pod: ending }] as const) {
      assert.equal(settled(result).disturbances.count, 1);
      assert.equal(observe(settled(result), gone, 2_000).disturbances.count, 1);
    }
  });

  it('counts a pod that its spawn gives up at its deadline as no disturbance', () => {
    const spawn = { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: 'u0' } as const;
    const starting = begin(poolOf([examplePod()]), [spawn], 0);
    const ending = seen([examplePod({ version: '60', terminating: true })]);
    assert.equal(observe(starting, ending, 289_000).disturbances.count, 1);
    assert.equal(observe(starting, ending, 290_000).disturbances.count, 0);
  });

  // A pod was evicted within 200 ms of its being Ready: the first that the pool read of it was its end,
  // and nothing slowed down whoever did that to every new pod.
  it('counts a pod as taken away whose end is the first that is read of it', () => {
    const spawn = { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: null } as const;
    const starting = begin(poolOf([]), [spawn], 1_000);
    const counted = (observation: Observation, nowMs = 2_000): number =>
      observe(starting, observation, nowMs).disturbances.count;
    const first = (pod: Partial<PodView>) => seen([examplePod({ version: '60', ...pod })]);
    const gone = { name: 'p-0', uid: 'u0', version: '60' };
    assert.equal(counted(first({ ready: true, terminating: true })), 1);
    assert.equal(counted(first({ terminating: true })), 1);
    assert.equal(counted(first({ ended: true, reason: 'Evicted' })), 1);
    assert.equal(counted(seen([], { gone: [gone] })), 1);
    // Its spawn may have given it up by then.
    assert.equal(counted(seen([], { gone: [gone] }), 291_000), 0);
    assert.equal(counted(first({ terminating: true }), 291_000), 0);
    assert.equal(counted(first({ ended: true, reason: 'Error' })), 0);
    assert.equal(counted(first({ claimed: true, terminating: true })), 0);
    assert.equal(counted(seen([], { gone: [{ ...gone, claimed: true }] })), 0);
    assert.equal(counted(first({})), 0);
    const unwanted = {
      ...starting,
      records: { 'p-0': { ...starting.records['p-0']!, retiring: 'surplus' as const } },
    };
    assert.equal(observe(unwanted, seen([], { gone: [gone] }), 2_000).disturbances.count, 0);
  });

  it('charges a crash to nobody when the pod is or was claimed (F4)', () => {
    const charged = (before: Partial<PodView>, after: Partial<PodView>): number => {
      const state = poolOf([examplePod({ ready: true, ...before })]);
      const crashed = { ready: false, ended: true, reason: 'Error', version: '60' };
      return observe(state, seen([examplePod({ ...crashed, ...after })]), 9).failures.consecutive;
    };
    assert.equal(charged({}, {}), 1);
    assert.equal(charged({ claimed: true }, {}), 0);
    assert.equal(charged({}, { claimed: true }), 0);
    assert.equal(charged({}, { uid: 'other' }), 0);
  });

  it('forgets the oldest ends beyond a thousand', () => {
    let state = exampleState();
    for (let index = 0; index < 1_010; index += 1) {
      const gone = [{ name: `p-${index}`, uid: 'u', version: String(1_000 + index) }];
      state = observe(state, { cluster, version: '9999', pods: [], gone, complete: false }, 1);
    }
    assert.equal(Object.keys(state.endedNames).length, 1_000);
    assert.equal(state.floorVersion, '1009');
  });

  // Each end of a spawn copied the thousand names: over half of what a pool's tasks took under load.
  it('copies the names of ended pods for readings that end some, or find too many', () => {
    const names = Array.from({ length: 1_001 }, (_, index) => [`p-${index}`, String(index)]);
    const many = { ...exampleState(), endedNames: Object.fromEntries(names) as object as Ended };
    const reading = seen([examplePod({ version: '9999' })]);
    const few = observe(many, reading, 1);
    assert.equal(Object.keys(many.endedNames).length, 1_001);
    assert.equal(Object.keys(few.endedNames).length, 1_000);
    assert.equal(
      observe(few, seen([examplePod({ version: '10000' })]), 1).endedNames,
      few.endedNames,
    );
    const gone = [{ name: 'p-1', uid: 'u', version: '10001' }];
    observe(few, { cluster, version: '10001', pods: [], gone, complete: false }, 1);
    assert.equal(few.endedNames['p-1'], '1');
  });
});
