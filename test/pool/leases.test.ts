import assert from 'node:assert/strict';
import type { Action } from '../../src/pool/actions.ts';
import { begin } from '../../src/pool/begin.ts';
import { holdLeases } from '../../src/pool/leases.ts';
import { observe } from '../../src/pool/observe.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { settle } from '../../src/pool/settle.ts';
import { phaseOf, type PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState, poolOf, seen } from './examples.ts';

const cluster = 'c1';
const leaseEndMs = 100_000;

function claimed(changes: Partial<PodView> = {}): PodView {
  return examplePod({ ready: true, claimed: true, leaseExpiresAtMs: leaseEndMs, ...changes });
}

/** A pool with target 0 whose one pod is claimed until second 100. */
function poolWithClaim(): PoolState {
  const state: PoolState = { ...exampleState({ warmTarget: 0 }), observed: true, rules: 2 };
  const quiet = { ...state.observe, dueAtMs: 1e12 };
  return observe(
    { ...state, observe: quiet, publish: { ...state.publish, underWay: 'busy' } },
    { cluster, version: '10', pods: [claimed()], gone: [], complete: false },
    1_000,
  );
}

function actionsAt(state: PoolState, nowMs: number): Action[] {
  return plan({ state, nowMs }).actions;
}

/** The state after a list that was launched and answered at an instant. */
function listed(state: PoolState, pod: PodView, nowMs: number): PoolState {
  const list = { cluster, version: pod.version, pods: [pod], gone: [], complete: true };
  const launched = begin(state, [{ kind: 'observe' }], nowMs);
  const after = settle(launched, { kind: 'observe', result: { outcome: 'listed', list } }, nowMs);
  return { ...after, observe: { ...after.observe, dueAtMs: 1e12 } };
}

describe('a lease', () => {
  it('is judged once, within 7 s of its end, by one list for all that are due (E1)', () => {
    const state = poolWithClaim();
    assert.deepEqual(plan({ state, nowMs: 99_000 }), { actions: [], wakeAtMs: 105_000 });
    assert.deepEqual(actionsAt(state, 105_000), [{ kind: 'observe' }]);
  });

  it('that was renewed meanwhile lets its pod live (P3)', () => {
    const renewed = listed(
      poolWithClaim(),
      claimed({ version: '20', leaseExpiresAtMs: 200_000 }),
      105_000,
    );
    assert.deepEqual(plan({ state: renewed, nowMs: 105_000 }), { actions: [], wakeAtMs: 205_000 });
  });

  it('that is over ends its pod, whose uid is named and whose lease is judged again (E2, P4)', () => {
    const over = listed(poolWithClaim(), claimed(), 105_000);
    assert.deepEqual(actionsAt(over, 105_000), [
      {
        ...{ kind: 'retire', podName: 'p-0', uid: 'u0', reason: 'expired' },
        ...{ onlyIfNotReady: false, isLeaseOver: true },
      },
    ]);
    const begun = begin(over, actionsAt(over, 105_000), 105_000);
    assert.deepEqual(actionsAt(begun, 105_000), []);
  });

  it('that the API server calls renewed is judged again after a pause, not in a circle', () => {
    const over = listed(poolWithClaim(), claimed(), 105_000);
    const begun = begin(over, actionsAt(over, 105_000), 105_000);
    const result = { outcome: 'renewedMeanwhile', pod: claimed() } as const;
    const after = settle(begun, { kind: 'retire', podName: 'p-0', result }, 105_500);
    assert.deepEqual(actionsAt(after, 105_600), []);
    assert.equal(plan({ state: after, nowMs: 105_600 }).wakeAtMs, 107_500);
    assert.equal(after.records['p-0']?.retiring, null);
  });

  it('ends a pod once: deleted, it is not retired again before the watcher tells', () => {
    const over = listed(poolWithClaim(), claimed(), 105_000);
    const begun = begin(over, actionsAt(over, 105_000), 105_000);
    const result = { outcome: 'deleted', pod: claimed() } as const;
    const after = settle(begun, { kind: 'retire', podName: 'p-0', result }, 105_500);
    assert.deepEqual(actionsAt(after, 300_000), []);
    const record = after.records['p-0'];
    assert.ok(record);
    assert.equal(phaseOf(record), 'retiring');
  });

  it('is not judged for a minute after the pool was late, then on a list made after it (E3, P12)', () => {
    const held = holdLeases(poolWithClaim(), 500_000);
    assert.deepEqual(plan({ state: held, nowMs: 500_000 }), { actions: [], wakeAtMs: 560_000 });
    const early = listed(held, claimed(), 520_000);
    assert.deepEqual(actionsAt(early, 560_000), [{ kind: 'observe' }]);
    const judged = listed(early, claimed(), 560_000);
    assert.equal(actionsAt(judged, 560_000)[0]?.kind, 'retire');
  });

  it('that had ended when it is first heard of was not watched, so its holder may renew (E3)', () => {
    const state = { ...exampleState({ warmTarget: 0 }), observed: true };
    const pods = [claimed()];
    const message = { cluster, version: '10', pods, gone: [], complete: false };
    assert.equal(observe(state, message, leaseEndMs + 9_000).lease.heldUntilMs, 0);
    assert.equal(observe(state, message, leaseEndMs + 10_000).lease.heldUntilMs, 170_000);
  });

  it('is judged in time in a pool that began without claims', () => {
    const warm = examplePod({ ready: true });
    assert.equal(listed(exampleState({ warmTarget: 1 }), warm, 1_000).lease.heldUntilMs, 0);
  });

  it('is not judged for a minute in a new life that finds claims (P12)', () => {
    const state = listed(exampleState({ warmTarget: 0 }), claimed(), 101_000);
    assert.equal(state.lease.heldUntilMs, 161_000);
  });

  it('of zero seconds never ends', () => {
    const pod = claimed();
    delete pod.leaseExpiresAtMs;
    const state = { ...exampleState({ warmTarget: 0 }), observed: true };
    const message = { cluster, version: '10', pods: [pod], gone: [], complete: true };
    const known = observe(state, message, 0);
    assert.equal(
      actionsAt(known, 1e12).some(({ kind }) => kind === 'retire'),
      false,
    );
  });

  it('costs one list for a thousand that end together', () => {
    const state = poolWithClaim();
    const pods = Array.from({ length: 1_000 }, (_, n) =>
      claimed({ name: `p-${n}`, uid: `u${n}`, version: '11' }),
    );
    const many = observe(state, { cluster, version: '11', pods, gone: [], complete: true }, 1_000);
    const { actions, wakeAtMs } = plan({ state: many, nowMs: 2_000 });
    assert.deepEqual({ actions, wakeAtMs }, { actions: [], wakeAtMs: 105_000 });
    assert.deepEqual(actionsAt(many, 105_000), [{ kind: 'observe' }]);
  });
});

describe('a release with a reason', () => {
  it('is counted once and shown with its pod', () => {
    const given = claimed({ version: '20', terminating: true, releaseReason: 'unhealthy' });
    const message = { cluster, version: '20', pods: [given], gone: [], complete: false };
    const once = observe(poolWithClaim(), message, 0);
    const again = { ...message, pods: [{ ...given, version: '21' }] };
    const twice = observe(once, again, 0);
    assert.deepEqual(twice.releases, { count: 1, lastReason: 'unhealthy', lastPod: 'p-0' });
  });

  // A pod that had ended before the watcher told of its release came as gone alone: of three reports in
  // a row one was counted.
  it('is counted once when the pod is gone before its release was told', () => {
    const gone = { name: 'p-0', uid: 'u0', version: '21', claimed: true };
    const message = {
      ...{ cluster, version: '21', pods: [], complete: false },
      gone: [{ ...gone, releaseReason: 'unhealthy' }],
    };
    const once = observe(poolWithClaim(), message, 0);
    const twice = observe(once, message, 0);
    assert.deepEqual(twice.releases, { count: 1, lastReason: 'unhealthy', lastPod: 'p-0' });
    const given = claimed({ version: '20', terminating: true, releaseReason: 'unhealthy' });
    const told = observe(
      poolWithClaim(),
      { ...message, version: '20', pods: [given], gone: [] },
      0,
    );
    assert.equal(observe(told, message, 0).releases.count, 1);
    const of = { ...message, gone: [{ ...gone, uid: 'other', releaseReason: 'unhealthy' }] };
    assert.equal(observe(poolWithClaim(), of, 0).releases.count, 0);
  });

  // Of two reports of one caller the second was not counted: its pod was claimed and given up within the
  // 200 ms that the outcome of its spawn waits for its tick, so it was gone before it was ever read.
  it('is counted once when the pod is gone before it was ever read', () => {
    const spawn = { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: null } as const;
    const making = begin({ ...poolOf([]), rules: 2 }, [spawn], 0);
    const gone = { name: 'p-0', uid: 'u0', version: '61', claimed: true };
    const message = seen([], { gone: [{ ...gone, releaseReason: 'unhealthy' }], version: '61' });
    const once = observe(making, message, 0);
    const twice = observe(once, message, 0);
    assert.deepEqual(twice.releases, { count: 1, lastReason: 'unhealthy', lastPod: 'p-0' });
    const pod = examplePod({ name: 'p-0', uid: 'u0', version: '58', ready: true });
    const result = { outcome: 'ready', pod } as const;
    const settled = settle(twice, { kind: 'spawn', podName: 'p-0', result }, 0);
    assert.equal(settled.records['p-0'], undefined);
  });
});
