import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  demandOf,
  expireDemand,
  readDemand,
  takeDemand,
  type DemandReport,
} from '../../src/pool/demand.ts';
import { carryState } from '../../src/pool/carry-state.ts';
import { readState } from '../../src/pool/read-state.ts';
import { begin } from '../../src/pool/begin.ts';
import { observe } from '../../src/pool/observe.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { statusOf } from '../../src/pool/status.ts';
import type { PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState } from './examples.ts';

const cluster = 'c1';

/** A pool of three that is full. */
function fullPool(changes: Partial<PoolState['spec']> = {}): PoolState {
  const pods = [0, 1, 2].map((n) =>
    examplePod({ name: `p-${n}`, uid: `u${n}`, version: '10', ready: true }),
  );
  const state = observe(
    exampleState(changes),
    { cluster, version: '10', pods, gone: [], complete: true },
    0,
  );
  const published = { ...state.publish, underWay: 'busy' };
  return {
    ...state,
    observed: true,
    publish: published,
    observe: { ...state.observe, dueAtMs: 1e9 },
  };
}

function report(changes: Partial<DemandReport> = {}): DemandReport {
  return { replica: 'a', waiting: 4, version: '20', expiresAtMs: 15_000, ...changes };
}

function see(state: PoolState, pod: Partial<PodView>, nowMs = 0): PoolState {
  const pods = [examplePod({ ready: true, ...pod })];
  const version = pods[0]?.version ?? '0';
  return observe(state, { cluster, version, pods, gone: [], complete: false }, nowMs);
}

function spawnsOf(state: PoolState, nowMs = 0): string[] {
  return plan({ state, nowMs }).actions.flatMap((a) => (a.kind === 'spawn' ? [a.podName] : []));
}

describe('demand', () => {
  it('starts a pod for each claim that waits, beyond the target (P1)', () => {
    const state = takeDemand(fullPool(), report(), 0);
    assert.equal(spawnsOf(state).length, 4);
    assert.equal(statusOf({ state, nowMs: 0 }).demand, 4);
    assert.match(statusOf({ state, nowMs: 0 }).why, /4 claims wait/);
  });

  it('stays within maxPods and maxPending', () => {
    assert.equal(spawnsOf(takeDemand(fullPool({ maxPods: 5 }), report(), 0)).length, 2);
    assert.equal(spawnsOf(takeDemand(fullPool({ maxPending: 3 }), report(), 0)).length, 3);
  });

  it('adds up over replicas, and a newer report replaces an older one of its replica (D1)', () => {
    let state = takeDemand(fullPool(), report(), 0);
    state = takeDemand(state, report({ replica: 'b', waiting: 2 }), 0);
    assert.equal(demandOf(state), 6);
    state = takeDemand(state, report({ waiting: 1, version: '21' }), 0);
    assert.equal(demandOf(state), 3);
    state = takeDemand(state, report({ waiting: 9, version: '20' }), 0);
    assert.equal(demandOf(state), 3);
  });

  it('counts a claim seen since the report as served, once (D2)', () => {
    let state = takeDemand(fullPool(), report(), 0);
    state = see(state, { name: 'p-0', uid: 'u0', version: '25', claimed: true });
    assert.equal(demandOf(state), 3);
    state = see(state, { name: 'p-0', uid: 'u0', version: '26', claimed: true });
    assert.equal(demandOf(state), 3);
  });

  // 500 claims waited for a pool of 5, and 4 pods too many were made: each 250 ms a report replaced the
  // one before, and what the pool had seen claimed between the report's sending and its coming was
  // counted as waiting once more.
  it('counts a claim as served that was seen before the report came, yet is newer (P1, D2)', () => {
    let state: PoolState = takeDemand({ ...fullPool(), rules: 2 }, report(), 0);
    state = see(state, { name: 'p-0', uid: 'u0', version: '25', claimed: true });
    state = see(state, { name: 'p-1', uid: 'u1', version: '27', claimed: true });
    state = takeDemand(state, report({ waiting: 3, version: '26' }), 0);
    assert.equal(demandOf(state), 2);
    state = see(state, { name: 'p-1', uid: 'u1', version: '40', claimed: true });
    state = takeDemand(state, report({ waiting: 3, version: '27' }), 0);
    assert.equal(demandOf(state), 3);
  });

  it('lets a claim seen before any report came serve one replica only (D2)', () => {
    let state: PoolState = { ...fullPool(), rules: 2 };
    state = see(state, { name: 'p-0', uid: 'u0', version: '25', claimed: true });
    state = takeDemand(state, report({ waiting: 2 }), 0);
    assert.equal(demandOf(state), 1);
    state = takeDemand(state, report({ replica: 'b', waiting: 2 }), 0);
    assert.equal(demandOf(state), 3);
  });

  it('forgets whom a claim has served with the claim (D2)', () => {
    let state: PoolState = takeDemand({ ...fullPool(), rules: 2 }, report(), 0);
    state = see(state, { name: 'p-0', uid: 'u0', version: '25', claimed: true });
    assert.deepEqual(state.records['p-0']?.claim, { version: '25', replica: 'a' });
    const read = readState(carryState(state), state)?.records['p-0'];
    assert.deepEqual(read?.claim, { version: '25', replica: 'a' });
    state = see(state, { name: 'p-0', uid: 'other', version: '26', claimed: false });
    assert.equal(state.records['p-0']?.claim, undefined);
  });

  it('counts what a report knew of just once, in whatever order claims and reports come (P1, D2)', () => {
    // Four wait at version 20 and are served one by one at 21 to 24; each version has its report.
    const events = [
      ...[20, 21, 22, 23, 24].map((at) => ({ at, kind: 'report' as const })),
      ...[21, 22, 23, 24].map((at) => ({ at, kind: 'claim' as const })),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: 9, maxLength: 9 }), (order) => {
        let state: PoolState = { ...fullPool(), rules: 2 };
        let reported = 0;
        let claimed = 0;
        for (const { at, kind } of order) {
          if (kind === 'claim') {
            state = see(state, { name: `q-${at}`, uid: `q${at}`, version: `${at}`, claimed: true });
            claimed += 1;
          } else {
            state = takeDemand(state, report({ waiting: 24 - at, version: `${at}` }), 0);
            reported = Math.max(reported, at);
          }
          // Waiting and claimed together are never more than the four that came.
          if (reported > 0) assert.ok(demandOf(state) + claimed <= 4);
        }
      }),
    );
  });

  // A sandbox may live for less than the 200 ms between two messages of the watcher.
  it('counts a claim as served whose pod was given back before it was seen (D2)', () => {
    const gone = { name: 'p-0', uid: 'u0', version: '25', claimed: true };
    const message = { cluster, version: '25', pods: [], gone: [gone], complete: false };
    const state: PoolState = takeDemand({ ...fullPool(), rules: 2 }, report(), 0);
    const told = observe(state, message, 0);
    assert.equal(demandOf(told), 3);
    assert.equal(demandOf(observe(told, message, 0)), 3);
    const seenBefore = see(state, { name: 'p-0', uid: 'u0', version: '24', claimed: true });
    assert.equal(demandOf(observe(seenBefore, message, 0)), 3);
    const others = { ...message, gone: [{ ...gone, uid: 'other' }] };
    assert.equal(demandOf(observe(state, others, 0)), 4);
    const unread = begin(
      state,
      [{ kind: 'spawn', podName: 'p-3', templateHash: 'abc', uid: null }],
      0,
    );
    const early = { ...message, gone: [{ ...gone, name: 'p-3', uid: 'u3' }] };
    assert.equal(demandOf(observe(unread, early, 0)), 3);
    assert.equal(demandOf(observe({ ...state, rules: 1 }, message, 0)), 4);
  });

  it('does not count a claim that is older than the report', () => {
    const state = see(takeDemand(fullPool(), report({ version: '30' }), 0), {
      ...{ name: 'p-0', uid: 'u0', version: '25', claimed: true },
    });
    assert.equal(demandOf(state), 4);
  });

  it('of nobody is no demand, and ends what its replica had reported (D1)', () => {
    const none = report({ waiting: 0, version: '21' });
    assert.equal(takeDemand(fullPool(), none, 5).demandedAtMs, null);
    const ended = takeDemand(takeDemand(fullPool(), report(), 4), none, 5);
    assert.deepEqual([ended.demand, ended.demandedAtMs], [{}, 5]);
  });

  it('expires by itself when a replica dies, at most a minute later (D3)', () => {
    const state = takeDemand(fullPool(), report(), 0);
    const { wakeAtMs } = plan({
      state: begin(state, plan({ state, nowMs: 0 }).actions, 0),
      nowMs: 0,
    });
    assert.equal(wakeAtMs, 15_000);
    assert.equal(demandOf(expireDemand(state, 14_999)), 4);
    assert.equal(demandOf(expireDemand(state, 15_000)), 0);
    const wrongClock = takeDemand(fullPool(), report({ expiresAtMs: 1e15 }), 0);
    assert.equal(demandOf(expireDemand(wrongClock, 60_000)), 0);
  });

  it('keeps a surplus for 30 s after somebody waited, then retires it', () => {
    let state = takeDemand(fullPool({ warmTarget: 2 }), report({ waiting: 1 }), 1_000);
    state = takeDemand(state, report({ waiting: 0, version: '21' }), 2_000);
    const retired = (nowMs: number): number =>
      plan({ state, nowMs }).actions.filter(({ kind }) => kind === 'retire').length;
    assert.equal(retired(31_999), 0);
    assert.equal(plan({ state, nowMs: 2_000 }).wakeAtMs, 32_000);
    assert.equal(retired(32_000), 1);
  });

  it('remembers at most a hundred replicas (P9)', () => {
    let state = fullPool();
    for (let n = 0; n < 150; n += 1) state = takeDemand(state, report({ replica: `r${n}` }), 0);
    assert.equal(Object.keys(state.demand).length, 100);
  });
});

describe('readDemand', () => {
  it('reads or refuses any JSON without throwing (P8)', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => assert.equal(typeof readDemand(value), 'object')),
    );
  });

  it('names what was expected and given', () => {
    const cases: [unknown, RegExp][] = [
      [null, /an object, got null/],
      [report({ replica: '__proto__' }), /`replica`/],
      [report({ replica: 'constructor' }), /`replica`/],
      [report({ waiting: -1 }), /`waiting` to be an integer from 0 to 100000, got -1/],
      [report({ version: '01' }), /`version`/],
      [report({ expiresAtMs: NaN }), /`expiresAtMs`/],
    ];
    for (const [value, expected] of cases) {
      const read = readDemand(value);
      assert.ok('refusal' in read);
      assert.match(read.refusal, expected);
    }
    assert.deepEqual(readDemand(report()), report());
  });
});
