import assert from 'node:assert/strict';
import { begin } from '../../src/pool/begin.ts';
import { carryState } from '../../src/pool/carry-state.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { plan } from '../../src/pool/plan.ts';
import { readState } from '../../src/pool/read-state.ts';
import type { PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState, poolOf } from './examples.ts';

/** The most that Temporal takes as the input of a run. */
const maxInputBytes = 2 * 1_024 ** 2;

/** As many pods as a pool may have, with names as long as we make them. */
function largePool(changes: Partial<PodView>): PoolState {
  const pods = Array.from({ length: 2_000 }, (_, n) =>
    examplePod({
      ...{ name: `${'p'.repeat(50)}-${n.toString(36)}`, uid: `${n}`.padStart(36, '0') },
      ...{ templateHash: 'a'.repeat(12), createdAtMs: 1.7e12, leaseExpiresAtMs: 1.7e12 },
      ...{ node: 'n'.repeat(63), ...changes },
    }),
  );
  const spawn = { kind: 'spawn', podName: 'p-new', templateHash: 'abc', uid: null } as const;
  return begin(poolOf(pods, { warmTarget: 2_000, maxPods: 2_000 }), [spawn], 5);
}

function bytesOf(state: PoolState): number {
  return Buffer.byteLength(JSON.stringify(state));
}

describe('a state that is carried into a new run', () => {
  it('has no activity under way, so that the new run launches them again (P5)', () => {
    const state = poolOf([examplePod()], { warmTarget: 2 });
    const { actions } = plan({ state, nowMs: 0 });
    const carried = carryState(begin(state, [...actions, { kind: 'observe' }], 0));
    assert.ok(Object.values(carried.records).every(({ tasks }) => tasks.length === 0));
    assert.equal(carried.observe.launchedAtVersion, null);
    assert.equal(carried.publish.underWay, null);
  });

  it('keeps what pods say of themselves when there is room for it', () => {
    const said = { reason: 'Unschedulable', message: 'no node' };
    assert.equal(carryState(poolOf([examplePod(said)])).records['p-0']?.pod?.message, 'no node');
  });

  // An input above 2 MiB is refused and the workflow task tried again for ever: the pool is stuck.
  for (const letter of ['m', 'м', '漢']) {
    it(`fits with 2,000 pods and the longest messages in ${letter}, which it leaves out`, () => {
      const state = largePool({ reason: 'Unschedulable', message: letter.repeat(200) });
      assert.ok(bytesOf(state) > 1.5e6);
      const carried = carryState(state);
      assert.ok(bytesOf(carried) < 0.7 * maxInputBytes, `${bytesOf(carried)} bytes`);
      assert.equal(Object.keys(carried.records).length, 2_001);
      for (const { pod } of Object.values(carried.records)) {
        assert.deepEqual([pod?.message, pod?.reason], [undefined, undefined]);
      }
      assert.equal(carried.observed, true);
    });
  }

  it('leaves out all that can be listed when even names are too long, and lists first (O2, L1)', () => {
    const carried = carryState(largePool({ node: 'n'.repeat(253), templateHash: 'h'.repeat(253) }));
    assert.ok(bytesOf(carried) < 0.1 * maxInputBytes);
    assert.deepEqual(Object.keys(carried.records), ['p-new']);
    const state = readState(JSON.parse(JSON.stringify(carried)), exampleState());
    assert.ok(state);
    assert.deepEqual(plan({ state, nowMs: 1e12 }).actions, [{ kind: 'observe' }]);
  });
});
