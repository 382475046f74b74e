import assert from 'node:assert/strict';
import { pendingAhead } from '../../src/pool/pending-ahead.ts';
import { examplePod, poolOf } from './examples.ts';

/** A pool that knows as many pods as asked for, of a target of a thousand. */
function poolWith({ warm = 0, pending = 0, maxPending = 1000, warmTarget = 1000 }) {
  const pod = (ready: boolean, n: number) =>
    examplePod({ name: `p-${n}-${ready}`, uid: `u-${n}-${ready}`, ready });
  const pods = [
    ...Array.from({ length: warm }, (_, n) => pod(true, n)),
    ...Array.from({ length: pending }, (_, n) => pod(false, n)),
  ];
  return poolOf(pods, { warmTarget, maxPods: 1000, maxPending });
}

describe('pendingAhead', () => {
  it('counts what is yet to be begun, so that the first of many spawns knows of them', () => {
    assert.equal(pendingAhead(poolWith({})), 1000);
    assert.equal(pendingAhead(poolWith({ warm: 900 })), 100);
  });

  it('counts no more than may be pending at once', () => {
    assert.equal(pendingAhead(poolWith({ maxPending: 40 })), 40);
  });

  it('counts all that are pending, whatever the target has become', () => {
    assert.equal(pendingAhead(poolWith({ pending: 30, warmTarget: 1 })), 30);
  });
});
