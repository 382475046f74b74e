import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { begin } from '../../src/pool/begin.ts';
import { detailsOf } from '../../src/pool/details.ts';
import { plan } from '../../src/pool/plan.ts';
import { cardOf } from '../../src/pool/pool-card.ts';
import { readState } from '../../src/pool/read-state.ts';
import { carryState } from '../../src/pool/carry-state.ts';
import { countPhases, phaseOf, type PoolState } from '../../src/pool/state.ts';
import { statusOf } from '../../src/pool/status.ts';
import { exampleState } from '../pool/examples.ts';
import { carriedStates } from './carried-state.ts';
import { exampleStates } from './example-states.ts';

const states = join(import.meta.dirname, 'states');
const files = (await readdir(states, { recursive: true })).filter((name) => name.endsWith('.json'));

/** An instant after all that the recorded states speak of. */
const laterMs = 1_900_000_000_000;

/** A new life of the pool that a carried state belongs to, as the workflow makes it. */
function freshOf(carried: PoolState): PoolState {
  return { ...exampleState(), pool: carried.pool, namespace: carried.namespace };
}

/** Names of fields that `state` lacks or has no number in, compared with a state of today. */
function holes(state: unknown, today: unknown, path = ''): string[] {
  if (typeof today === 'number') return Number.isFinite(state) ? [] : [path];
  if (typeof today !== 'object' || today === null) return state === undefined ? [path] : [];
  return Object.entries(today).flatMap(([key, value]) =>
    holes((state as Record<string, unknown> | undefined)?.[key], value, `${path}.${key}`),
  );
}

/** Reads a state, and shows and plans it as a run would from there on. */
function livesOn(carried: unknown): PoolState {
  const given = carried as PoolState;
  const state = readState(carried, freshOf(given));
  assert.ok(state, 'it is read');
  assert.deepEqual(holes(state, exampleState()), []);
  const shown = JSON.stringify([statusOf({ state, nowMs: laterMs }), cardOf(state)]);
  assert.doesNotMatch(`${shown}${detailsOf(state)}`, /undefined|NaN/);
  const { actions, wakeAtMs } = plan({ state, nowMs: laterMs });
  assert.ok(wakeAtMs === null || Number.isFinite(wakeAtMs), String(wakeAtMs));
  const begun = begin(state, actions, laterMs);
  const launched = actions.map((action) => JSON.stringify(action));
  const again = plan({ state: begun, nowMs: laterMs }).actions.map((a) => JSON.stringify(a));
  assert.deepEqual(
    again.filter((action) => launched.includes(action)),
    [],
    'nothing twice',
  );
  const { warm, pending, unready } = countPhases(state);
  const made = actions.filter(
    (action) => action.kind === 'spawn' && state.records[action.podName] === undefined,
  );
  const lacking = Math.max(0, state.spec.warmTarget - warm - pending - unready);
  assert.ok(made.length <= lacking, `${made.length} new pods for ${lacking} lacking (P1)`);
  return state;
}

describe('recorded states', () => {
  it('exist', () => assert.ok(files.length >= 18, `${files.length} states`));

  for (const file of files) {
    it(`goes on from ${file} (P11)`, async () => {
      const carried = JSON.parse(await readFile(join(states, file), 'utf8')) as PoolState;
      const state = livesOn(carried);
      const { spec, cluster, observed, nextOrdinal, endedNames, paused, draining } = state;
      assert.deepEqual({ ...spec, ...carried.spec }, spec, 'the spec is kept');
      assert.deepEqual(
        { cluster, observed, nextOrdinal, endedNames, paused, draining },
        {
          cluster: carried.cluster,
          observed: carried.observed,
          nextOrdinal: carried.nextOrdinal,
          endedNames: carried.endedNames,
          paused: carried.paused,
          draining: carried.draining,
        },
      );
      assert.deepEqual(Object.keys(state.records), Object.keys(carried.records));
      for (const record of Object.values(state.records)) {
        assert.deepEqual(record.pod, carried.records[record.name]?.pod);
      }
    });
  }

  it('are what the histories of continue-as-new carry', async () => {
    const name = 'histories/0.1.0/burst-before-continue-as-new.json';
    const history: unknown = JSON.parse(await readFile(join(import.meta.dirname, name), 'utf8'));
    const [carried] = carriedStates(history);
    const state = livesOn(carried);
    assert.ok(Object.keys(state.records).length > 50);
    assert.ok(Object.values(state.records).some((record) => phaseOf(record) === 'pending'));
  });
});

describe('readState', () => {
  for (const [name, state] of Object.entries(exampleStates())) {
    it(`reads back what this release carries: ${name} (P11)`, () => {
      const carried = JSON.parse(JSON.stringify(state)) as PoolState;
      assert.deepEqual(carryState(livesOn(carried)), { ...state, rules: exampleState().rules });
    });
  }

  it('fills in any one field that an older release did not know, at any depth', () => {
    for (const state of Object.values(exampleStates())) {
      for (const path of paths(state)) livesOn(withField(state, path, undefined));
    }
  });

  it('survives any value in place of any field', () => {
    for (const state of Object.values(exampleStates())) {
      for (const path of paths(state)) {
        for (const junk of [null, 'x', -1, 1e300, true, [], [[]], { a: {} }]) {
          livesOn(withField(state, path, junk));
        }
      }
    }
  });

  it('lists the pods before it plans when a record can not be read', () => {
    const state = exampleStates()['steady'];
    assert.ok(state);
    const read = livesOn(withField(state, ['records', 'p-1', 'pod'], 'garbage'));
    assert.deepEqual(Object.keys(read.records), ['p-0', 'p-2']);
    const { actions } = plan({ state: read, nowMs: laterMs });
    assert.deepEqual(actions, [{ kind: 'observe' }]);
  });

  const garbage: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a list', [1]],
    ['an unknown format', { ...exampleState(), format: 2 }],
    ['a state without records', { ...exampleState(), records: undefined }],
    ['records that are a list', { ...exampleState(), records: [] }],
  ];
  for (const [what, carried] of garbage) {
    it(`takes ${what} for no state, so that a new life begins`, () => {
      assert.equal(readState(carried, exampleState()), null);
    });
  }

  it('never throws, and what it reads can be planned', () => {
    const anything = fc.record(
      { format: fc.constant(1), records: fc.object() },
      { requiredKeys: ['format', 'records'] },
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.object(), anything, (value, other, base) => {
        readState(value, exampleState());
        const read = readState({ ...other, ...base }, exampleState());
        assert.ok(read);
        livesOn({ ...other, ...base, pool: 'p', namespace: 'default' });
      }),
      { numRuns: 500 },
    );
  });
});

/** Every path to a field of a state, records and their pods included, but for what makes it one. */
function paths(value: unknown, prefix: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value)
    .flatMap(([key, inner]) => [[...prefix, key], ...paths(inner, [...prefix, key])])
    .filter((path) => !['format', 'records', 'pool', 'namespace'].includes(path.join('.')));
}

/** A copy with another value at a path; without the field for undefined. */
function withField(state: PoolState, path: string[], value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(state)) as Record<string, unknown>;
  let place = copy;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  Object.assign(place, { [path.at(-1) ?? '']: value });
  return JSON.parse(JSON.stringify(copy));
}
