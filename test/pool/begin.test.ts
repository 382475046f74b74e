import assert from 'node:assert/strict';
import type { Action } from '../../src/pool/actions.ts';
import { begin } from '../../src/pool/begin.ts';
import { examplePod, poolOf } from './examples.ts';

const spawn = { kind: 'spawn', podName: 'p-0', templateHash: 'abc', uid: null } as const;
const retire: Action = {
  ...{ kind: 'retire', podName: 'p-0', uid: 'u0', reason: 'surplus' },
  ...{ onlyIfNotReady: false, isLeaseOver: false },
};

describe('begin', () => {
  it('makes a record before there is a pod, and uses its ordinal up (S1, S5)', () => {
    const { records, nextOrdinal } = begin(poolOf([]), [{ ...spawn, podName: 'p-7' }], 5);
    assert.deepEqual(records['p-7'], {
      ...{ name: 'p-7', templateHash: 'abc', sinceMs: 5, pod: null, unreadySinceMs: null },
      ...{ tasks: ['spawn'], retiring: null, retryAtMs: 0 },
    });
    assert.equal(nextOrdinal, 8);
  });

  it('adds a spawn to a pod that it knows, and keeps what was read of it (P5)', () => {
    const before = poolOf([examplePod()]);
    const { records, nextOrdinal } = begin(before, [spawn], 5);
    assert.deepEqual(records['p-0'], { ...before.records['p-0'], tasks: ['spawn'] });
    assert.equal(nextOrdinal, before.nextOrdinal);
  });

  it('counts on beyond the longest ordinal that is taken in from a name (S5)', () => {
    const state = { ...poolOf([]), nextOrdinal: 36 ** 9 };
    const next = begin(state, [{ ...spawn, podName: 'p-1000000000' }], 0);
    assert.equal(next.nextOrdinal, 36 ** 9 + 1);
  });

  it('notes the wish to end a pod beside a spawn that still waits for it', () => {
    const starting = begin(poolOf([examplePod()]), [spawn], 0);
    const record = begin(starting, [retire], 5).records['p-0'];
    assert.deepEqual([record?.tasks, record?.retiring], [['spawn', 'retire'], 'surplus']);
  });

  it('makes no record of a pod that is to be ended and is not known', () => {
    assert.deepEqual(begin(poolOf([]), [retire], 5).records, {});
  });
});
