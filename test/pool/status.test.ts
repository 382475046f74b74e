import assert from 'node:assert/strict';
import { breakerOf } from '../../src/pool/failures.ts';
import { begin } from '../../src/pool/begin.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { cardOf, isOnlyPhaseOf, cardKey } from '../../src/pool/pool-card.ts';
import { noFailures, type PoolState } from '../../src/pool/state.ts';
import { conditionOf, statusOf } from '../../src/pool/status.ts';
import { examplePod, exampleState, poolOf } from './examples.ts';

function pods(count: number, changes: Partial<PodView> = {}): PodView[] {
  return Array.from({ length: count }, (_, n) =>
    examplePod({ name: `p-${n}`, uid: `u${n}`, ready: true, ...changes }),
  );
}

const full = poolOf(pods(3));
const filling = poolOf(pods(1));
const empty = poolOf([]);
const claimed = poolOf(pods(1, { claimed: true }), { warmTarget: 1, maxPods: 1 });
const refused = { rounds: 1, lastAtMs: 5, lastMessage: null, untilMs: 9, allowance: 1 };
const trouble = { atMs: 1, message: 'no worker answered' };

describe('the condition of a pool', () => {
  const conditions: [string, PoolState, string, RegExp][] = [
    ['is new', exampleState(), 'Filling', /reads which pods exist/],
    ['lacks pods', filling, 'Filling', /1 of 3 pods are warm, 0 are starting\.$/],
    ['has its pods', full, 'Steady', /3 of 3 pods are warm\.$/],
    ['is paused', { ...filling, paused: true }, 'Paused', /until the pool is resumed/],
    ['drains and has claims', { ...claimed, draining: true }, 'Draining', /1 claimed pods/],
    ['drains and has pods', { ...full, draining: true }, 'Draining', /its last pods to end/],
    ['drains unseen', { ...exampleState(), draining: true }, 'Draining', /its last pods/],
    ['has drained', { ...empty, draining: true }, 'Drained', /no pods left/],
    [
      'has waited long enough for claims',
      { ...claimed, draining: true, drainIsOver: true },
      ...(['Drained', /1 claimed pods are left to their holders/] as const),
    ],
    ['has every pod that it may have in use', claimed, 'Degraded', /All 1 pods that maxPods/],
    ['is in trouble', { ...filling, trouble }, 'Degraded', /^Held up: no worker answered/],
    ['is full although in trouble', { ...full, trouble }, 'Steady', /3 of 3/],
    ['is refused by a quota', { ...filling, quota: refused }, 'Degraded', /leaves no room/],
    ['is full although refused', { ...full, quota: refused }, 'Steady', /3 of 3/],
    [
      'fails for a reason that is lost',
      { ...filling, failures: { ...noFailures, rounds: 1 } },
      ...(['Degraded', /template abc do not start: : $/] as const),
    ],
  ];
  for (const [what, state, phase, why] of conditions) {
    it(`that ${what} is ${phase}, and says why`, () => {
      const condition = conditionOf(state);
      assert.equal(condition.phase, phase);
      assert.match(condition.why, why);
    });
  }

  it('says what the oldest pending pod waits for', () => {
    const waits = (changes: Partial<PodView>): string =>
      conditionOf(poolOf(pods(1, { ready: false, ...changes }))).why;
    const reason = 'Unschedulable';
    assert.match(
      waits({ reason, message: 'no node' }),
      /the oldest waits: Unschedulable: no node$/,
    );
    assert.match(waits({ reason }), /the oldest waits: Unschedulable$/);
    assert.match(waits({}), /1 are starting\.$/);
  });

  it('says when a rollout has no room', () => {
    const why = (maxPods: number, maxUnavailable: number): string => {
      const rollout = { maxSurge: 1, maxUnavailable };
      const spec = { ...full.spec, templateHash: 'new', maxPods, rollout };
      return conditionOf({ ...full, spec }).why;
    };
    assert.match(why(3, 0), /3 of an older template wait: maxPods \(3\) leaves no room/);
    assert.match(why(3, 1), /3 of an older template are being replaced/);
    assert.match(why(4, 0), /3 of an older template are being replaced/);
  });
});

describe('the status of a pool', () => {
  it('shows a pod that was never read, and one by its uid, node, age and reason', () => {
    const spawn = { kind: 'spawn', podName: 'p-9', templateHash: 'abc', uid: null } as const;
    const seen = pods(1, { node: 'n1', reason: 'Evicted', createdAtMs: -500 });
    const state = begin(poolOf(seen), [spawn], 1_000);
    assert.deepEqual(statusOf({ state, nowMs: 3_000 }).pods, [
      {
        ...{ name: 'p-0', uid: 'u0', phase: 'warm', node: 'n1', ageMs: 3_500, reason: 'Evicted' },
      },
      { name: 'p-9', uid: null, phase: 'pending', node: null, ageMs: 2_000, reason: null },
    ]);
  });

  it('shows no pod younger than nothing when clocks differ', () => {
    const state = poolOf(pods(1, { createdAtMs: 5_000 }));
    assert.equal(statusOf({ state, nowMs: 0 }).pods[0]?.ageMs, 0);
  });

  it('shows a quota that refuses pods, with or without its message', () => {
    const quotaOf = (lastMessage: string | null): unknown =>
      statusOf({ state: { ...full, quota: { ...refused, lastMessage } }, nowMs: 0 }).quota;
    assert.deepEqual(quotaOf('exceeded'), { message: 'exceeded', nextAttemptAtMs: 9 });
    assert.deepEqual(quotaOf(null), { message: '', nextAttemptAtMs: 9 });
    assert.equal(statusOf({ state: full, nowMs: 0 }).quota, null);
  });

  it('has an open breaker from the third round on, half-open while a probe starts (F3)', () => {
    const breaker = (rounds: number, pending: number): string =>
      breakerOf({ ...noFailures, rounds }, pending);
    assert.deepEqual([breaker(2, 0), breaker(3, 0), breaker(3, 1)], ['closed', 'open', 'halfOpen']);
  });
});

describe('the card of a pool', () => {
  it('is taken down once the pool has drained', () => {
    assert.equal(cardOf({ ...empty, draining: true }), null);
    assert.equal(cardKey(null), 'null');
  });

  it('takes no claims while the pool drains, and says why', () => {
    const card = cardOf({ ...claimed, draining: true });
    assert.deepEqual([card?.acceptsClaims, card?.phase], [false, 'Draining']);
    assert.match(card?.why ?? '', /1 claimed pods/);
  });

  for (const [startedMs, seconds] of [
    [[], null],
    [[0], 1],
    [[1_000], 1],
    [[1_001], 2],
    [[2_500], 5],
    [[7_000], 10],
    [[10_000], 10],
    [[60_000, 1_000, 150_000], 100],
    [[999_999], 1_000],
  ] as const) {
    it(`says ${String(seconds)} s after starts of ${startedMs.join(', ') || 'none'} ms`, () => {
      const card = cardOf({ ...full, recentStartMs: [...startedMs] });
      assert.equal(card?.startSecondsEstimate, seconds);
    });
  }

  it('is news when more changed than whether the pool is full', () => {
    const [steady, other] = [cardOf(full), cardOf(filling)];
    assert.ok(steady !== null && other !== null);
    const published = cardKey(steady);
    assert.equal(isOnlyPhaseOf(other, published), true);
    assert.equal(isOnlyPhaseOf({ ...other, target: 9 }, published), false);
    assert.equal(isOnlyPhaseOf({ ...other, phase: 'Degraded' }, published), false);
    assert.equal(isOnlyPhaseOf(null, published), false);
    assert.equal(isOnlyPhaseOf(other, null), false);
  });
});
