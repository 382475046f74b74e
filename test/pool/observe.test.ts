import assert from 'node:assert/strict';
import fc from 'fast-check';
import { observe, observeList } from '../../src/pool/observe.ts';
import { readObservation, type Observation } from '../../src/pool/observation.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import type { PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState } from './examples.ts';

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

  it('forgets the oldest ends beyond a thousand', () => {
    let state = exampleState();
    for (let index = 0; index < 1_010; index += 1) {
      const gone = [{ name: `p-${index}`, uid: 'u', version: String(1_000 + index) }];
      state = observe(state, { cluster, version: '9999', pods: [], gone, complete: false }, 1);
    }
    assert.equal(Object.keys(state.endedNames).length, 1_000);
    assert.equal(state.floorVersion, '1009');
  });
});

describe('readObservation', () => {
  it('refuses or reads any JSON without throwing (P8)', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read = readObservation(value);
        assert.equal(typeof read, 'object');
      }),
    );
  });

  it('names the field that is wrong', () => {
    const given = { cluster, version: '01', pods: [], gone: [] };
    const read = readObservation(given);
    assert.ok('refusal' in read && read.refusal.includes('`version`'));
    const pods = [{ ...examplePod(), name: '__proto__' }];
    assert.ok('refusal' in readObservation({ ...given, version: '1', pods }));
  });
});
