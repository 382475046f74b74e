import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readListResult, readRetireResult, readSpawnResult } from '../../src/pool/read-outcome.ts';
import { examplePod } from './examples.ts';

const pod = examplePod({ ready: true });

describe('answers of activities', () => {
  for (const answer of [{ outcome: 'ready', pod }, { outcome: 'gone' }, { outcome: 'nameTaken' }]) {
    it(`takes a spawn that is ${answer.outcome}, and nothing beside it`, () => {
      assert.deepEqual(readSpawnResult({ ...answer, more: 1 }), answer);
    });
  }

  for (const outcome of ['deleted', 'claimedMeanwhile', 'readyMeanwhile', 'renewedMeanwhile']) {
    it(`takes a retirement that is ${outcome}, with its pod`, () => {
      assert.deepEqual(readRetireResult({ outcome, pod }), { outcome, pod });
    });
  }

  for (const outcome of ['gone', 'notOurs']) {
    it(`takes a retirement that is ${outcome}`, () => {
      assert.deepEqual(readRetireResult({ outcome, pod }), { outcome });
    });
  }

  it('takes a list', () => {
    const list = { cluster: 'c', version: '7', pods: [pod], gone: [], complete: true };
    assert.deepEqual(readListResult(list), { outcome: 'listed', list });
  });

  // An answer of another release, or one in a foreign encoding, once became the state of the pool.
  const unknown: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'ready'],
    ['an outcome of a later release', { outcome: 'frozen' }],
    ['an outcome that every object inherits', { outcome: 'constructor' }],
    ['a pod that can not be read', { outcome: 'ready', pod: { ...pod, version: '-1' } }],
    ['no pod where one belongs', { outcome: 'deleted' }],
  ];
  for (const [what, answer] of unknown) {
    it(`makes no verdict of ${what}`, () => {
      for (const read of [readSpawnResult, readRetireResult, readListResult]) {
        assert.equal(read(answer).outcome, 'noVerdict');
      }
    });
  }

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (answer) => {
        readSpawnResult(answer);
        readRetireResult(answer);
        readListResult(answer);
      }),
    );
  });
});
