import assert from 'node:assert/strict';
import type { Action } from '../../src/pool/actions.ts';
import { begin } from '../../src/pool/begin.ts';
import { noQuota } from '../../src/pool/brakes.ts';
import { passTime } from '../../src/pool/pass-time.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import type { PoolSpec } from '../../src/pool/pool-spec.ts';
import { grant } from '../../src/pool/quota.ts';
import { settle } from '../../src/pool/settle.ts';
import { noFailures, type PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState, poolOf } from './examples.ts';

/** A pool with pods of these kinds, whose list and card are not due. */
function poolWith(pods: Partial<PodView>[], spec: Partial<PoolSpec> = {}): PoolState {
  const views = pods.map((changes, n) =>
    examplePod({ name: `p-${n}`, uid: `u${n}`, ready: true, ...changes }),
  );
  const state = poolOf(views, spec);
  const observe = { ...state.observe, dueAtMs: 1e12 };
  return { ...state, observe, publish: { ...state.publish, underWay: 'busy' } };
}

function namesOf(kind: 'spawn' | 'retire', { actions }: { actions: Action[] }): string[] {
  return actions.flatMap((action) => (action.kind === kind ? [action.podName] : []));
}

const retiredAt = (state: PoolState, nowMs = 1_000): string[] =>
  namesOf('retire', plan({ state, nowMs }));
const spawnedAt = (state: PoolState, nowMs = 1_000): string[] =>
  namesOf('spawn', plan({ state, nowMs }));

describe('plan', () => {
  it('reads which pods exist before anything else (L1)', () => {
    assert.deepEqual(plan({ state: exampleState(), nowMs: 0 }).actions, [{ kind: 'observe' }]);
  });

  it('starts what is missing, within maxPods and maxPending (P1, L2)', () => {
    assert.deepEqual(spawnedAt(poolWith([{}])), ['p-1', 'p-2']);
    const claims = [{ claimed: true }, { claimed: true }];
    assert.deepEqual(spawnedAt(poolWith(claims, { maxPods: 4 })), ['p-2', 'p-3']);
    assert.deepEqual(spawnedAt(poolWith([], { maxPending: 1 })), ['p-0']);
    assert.deepEqual(spawnedAt({ ...poolWith([]), paused: true }), []);
    assert.deepEqual(spawnedAt({ ...poolWith([]), draining: true }), []);
  });

  it('lets a spawn adopt a pod that was taken in while it started, by its uid (P5, L4)', () => {
    const state = poolWith([{ ready: false }], { warmTarget: 1 });
    assert.deepEqual(plan({ state, nowMs: 0 }).actions, [
      { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: 'u0' },
    ]);
  });

  it('lets a spawn that was carried over go on although its pod was never read (P5)', () => {
    const spawn = { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: null } as const;
    const begun = begin(poolWith([], { warmTarget: 1 }), [spawn], 0);
    const record = { ...begun.records['p-0']!, tasks: [] };
    assert.deepEqual(plan({ state: { ...begun, records: { 'p-0': record } }, nowMs: 0 }).actions, [
      spawn,
    ]);
  });

  it('launches at most a hundred at once, and the rest soon after', () => {
    const { actions, wakeAtMs } = plan({
      state: poolWith([], { warmTarget: 300, maxPods: 300, maxPending: 300 }),
      nowMs: 1_000,
    });
    assert.equal(actions.length, 100);
    assert.equal(wakeAtMs, 1_100);
  });

  it('plans nothing again that is under way (L5)', () => {
    for (const state of [poolWith([]), poolWith([{}, {}, {}, {}, { ended: true }])]) {
      const { actions } = plan({ state, nowMs: 1_000 });
      assert.notEqual(actions.length, 0);
      assert.deepEqual(plan({ state: begin(state, actions, 1_000), nowMs: 1_000 }).actions, []);
    }
  });

  it('has nothing to wake for when only an event can change anything', () => {
    const full = poolWith([{}, {}, {}]);
    assert.equal(plan({ state: full, nowMs: 0 }).wakeAtMs, 1e12);
    const listing = { ...full, observe: { ...full.observe, launchedAtVersion: '50', dueAtMs: 0 } };
    assert.equal(plan({ state: listing, nowMs: 0 }).wakeAtMs, null);
  });
});

describe('a surplus', () => {
  const surplusOf = (pods: Partial<PodView>[], warmTarget: number): string[] =>
    retiredAt(poolWith(pods, { warmTarget, maxPods: 50 }));

  it('ends pods of an older template first, then those that are not Ready (U1)', () => {
    const stale = { templateHash: 'old' };
    const spec = { warmTarget: 2, rollout: { maxSurge: 0, maxUnavailable: 1 } };
    assert.deepEqual(retiredAt(poolWith([{}, stale, {}], spec)), ['p-1']);
    assert.deepEqual(surplusOf([{}, { ready: false }, {}], 2), ['p-1']);
  });

  it('ends the youngest by its version, and the last by name when all else is equal', () => {
    assert.deepEqual(surplusOf([{ version: '10' }, { version: '12' }, { version: '11' }], 2), [
      'p-1',
    ]);
    assert.deepEqual(surplusOf([{}, {}, {}], 2), ['p-2']);
    const [first, second] = [{ name: 'p-5' }, { name: 'p-3' }];
    assert.deepEqual(surplusOf([first, second], 1), ['p-5']);
    assert.deepEqual(surplusOf([second, first], 1), ['p-5']);
  });

  it('ends no pod that was never read: there is no uid to name (P4)', () => {
    const spawns = ['p-1', 'p-2'].map((podName) => ({
      ...({ kind: 'spawn', templateHash: 'abc', uid: null } as const),
      podName,
    }));
    const state = begin(poolWith([{}], { warmTarget: 1 }), spawns, 500);
    assert.deepEqual(retiredAt(state), []);
  });

  it('spares a warm pod while those that start are not warm yet (U1)', () => {
    assert.deepEqual(surplusOf([{}, {}, { ready: false }, { ready: false }], 2), ['p-3', 'p-2']);
  });
});

describe('an outdated pod', () => {
  it('that says not since when it is Ready is idle since its creation', () => {
    const state = poolWith([{ createdAtMs: 0 }], { warmTarget: 1, maxIdleSeconds: 100 });
    const surge = spawnedAt(state, 100_000);
    assert.deepEqual(surge, ['p-1']);
  });

  it('is not idle while it is not Ready, however old it is (U3)', () => {
    const state = poolWith([{ ready: false, createdAtMs: 0 }], { maxIdleSeconds: 60 });
    assert.deepEqual(retiredAt(state, 120_000), []);
  });

  it('is replaced before others when its node is cordoned, then a stale one, then the oldest', () => {
    const pods = [{ createdAtMs: 0 }, { templateHash: 'old' }, { node: 'n1' }, { createdAtMs: 0 }];
    const state = {
      ...poolWith(pods, {
        ...{ warmTarget: 4, maxAgeSeconds: 100 },
        rollout: { maxSurge: 0, maxUnavailable: 3 },
      }),
      cordoned: { version: '5', nodes: ['n1'] },
    };
    assert.deepEqual(retiredAt(state, 100_000), ['p-2', 'p-1', 'p-0']);
  });

  it('that is starting is not outdated by its age before it was read', () => {
    const spawn = { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: null } as const;
    const state = begin(poolWith([], { warmTarget: 1, maxAgeSeconds: 1 }), [spawn], 0);
    assert.deepEqual(plan({ state, nowMs: 1e9 }).actions, []);
  });
});

describe('a probe after a crash', () => {
  const failures = { ...noFailures, rounds: 1, crashedAtMs: 900, sinceMs: 900, allowance: 1 };

  it('is no proof before it was Ready for five minutes, counted from its making if it says not (F4)', () => {
    const state = poolWith([{}], { warmTarget: 2 });
    const probe = { ...state.records['p-0']!, sinceMs: 1_000 };
    const probing = { ...state, failures, records: { 'p-0': probe } };
    assert.deepEqual(spawnedAt(probing, 300_999), []);
    assert.deepEqual(spawnedAt(probing, 301_000), ['p-1']);
  });

  it('keeps others from being started while it is not Ready (F4)', () => {
    const state = poolWith([{ ready: false }], { warmTarget: 2 });
    const probe = { ...state.records['p-0']!, sinceMs: 1_000, unreadySinceMs: 2_000 };
    const probing = { ...state, failures, records: { 'p-0': probe } };
    assert.deepEqual(spawnedAt(probing, 2_000), []);
  });
});

describe('the rules of 0.1.0', () => {
  const old = (state: PoolState): PoolState => ({ ...state, rules: 1 });
  const ready = { outcome: 'ready', pod: examplePod({ ready: true }) } as const;

  it('forget all failures with the first good pod', () => {
    const failing = { ...old(poolOf([])), failures: { ...noFailures, consecutive: 2, rounds: 2 } };
    const after = settle(failing, { kind: 'spawn', podName: 'p-0', result: ready }, 9);
    assert.deepEqual(after.failures, noFailures);
  });

  it('replace nothing that works, and end a surplus although others are only starting', () => {
    assert.deepEqual(retiredAt(old(poolWith([{ templateHash: 'old' }], { warmTarget: 1 }))), []);
    const state = old(poolWith([{}, {}, { ready: false }], { warmTarget: 0 }));
    assert.equal(retiredAt(state).length, 3);
  });

  it('end what is of an older template before other surplus', () => {
    const pods = [{}, { templateHash: 'old' }, {}];
    assert.deepEqual(retiredAt(old(poolWith(pods, { warmTarget: 2 }))), ['p-1']);
  });
});

describe('time alone', () => {
  it('changes nothing that has not run out', () => {
    const state = { ...poolOf([]), drainEndsAtMs: 5_000 };
    assert.equal(passTime(state, 4_999), state);
  });

  it('ends the wait of a drain for its claims, once', () => {
    const state = { ...poolOf([]), draining: true, drainEndsAtMs: 5_000 };
    const over = passTime(state, 5_000);
    assert.equal(over.drainIsOver, true);
    assert.equal(passTime(over, 6_000), over);
  });
});

describe('a quota', () => {
  it('that refused is asked for one pod, then 2, 4, … and at last as many as are wanted (Q3)', () => {
    let quota: PoolState['quota'] = { ...noQuota, allowance: 1, lastAtMs: 100 };
    assert.equal(grant(quota, 100), quota, 'a pod asked for before the refusal tells nothing');
    for (let round = 0; round < 10; round += 1) quota = grant(quota, 101);
    assert.equal(quota.allowance, null);
    assert.equal(grant(quota, 102), quota);
  });

  it('whose refusal an older state does not date is opened by any pod made (P11)', () => {
    assert.equal(grant({ ...noQuota, allowance: 1 }, 1).allowance, 2);
  });
});
