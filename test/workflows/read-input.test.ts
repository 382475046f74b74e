import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { readPoolInput, readWatchInput } from '../../src/workflows/read-input.ts';
import { exampleSpec } from '../pool/examples.ts';

const input = { pool: 'p', namespace: 'default', spec: exampleSpec() };

describe('the input of a pool', () => {
  it('is taken with its defaults, and without what it should not have', () => {
    const read = readPoolInput({ ...input, spec: { warmTarget: 1, templateHash: 'abc' }, more: 1 });
    assert.deepEqual(Object.keys(read).sort(), [
      ...['carried', 'labels', 'namespace', 'pool', 'spec', 'upsertSearchAttributes'],
    ]);
    assert.equal(read.spec.maxPods, 2000);
    assert.equal(read.upsertSearchAttributes, false);
  });

  const wrong: [string, unknown, RegExp][] = [
    ['nothing', undefined, /`input` to be an object, got nothing/],
    ['a number', 9, /`input` to be an object, got 9/],
    ['a name of the prototype', { ...input, pool: '__proto__' }, /`pool`/],
    ['no namespace', { ...input, namespace: 7 }, /`namespace`.*got 7/],
    ['no spec', { ...input, spec: undefined }, /`spec`|`warmTarget`/],
    ['a spec beyond the limits', { ...input, spec: exampleSpec({ maxPods: 1e9 }) }, /`maxPods`/],
    ['a carried state but no template', { ...input, spec: {}, carried: {} }, /`templateHash`/],
  ];
  for (const [what, given, said] of wrong) {
    it(`ends the workflow for ${what}, and says why`, () => {
      assert.throws(
        () => readPoolInput(given),
        (error) =>
          error instanceof ApplicationFailure &&
          error.type === 'BadInput' &&
          error.nonRetryable === true &&
          said.test(error.message),
      );
    });
  }

  it('is repaired when another release has carried it', () => {
    const spec = { ...exampleSpec({ maxPods: 1e9, warmTarget: 9 }), unknown: 1, claim: undefined };
    const read = readPoolInput({ ...input, spec, carried: {} });
    const { maxPods, warmTarget, claim } = read.spec;
    assert.deepEqual({ maxPods, warmTarget }, { maxPods: 2000, warmTarget: 9 });
    assert.equal(claim.leaseSeconds, 3600);
  });

  it('raises nothing but BadInput', () => {
    fc.assert(
      fc.property(fc.anything(), (given) => {
        for (const read of [readPoolInput, readWatchInput]) {
          try {
            read(given);
          } catch (error) {
            assert.ok(error instanceof ApplicationFailure);
          }
        }
      }),
    );
  });
});

describe('the input of a watch', () => {
  it('names a namespace', () => {
    assert.deepEqual(readWatchInput({ namespace: 'a', more: 1 }), { namespace: 'a' });
    assert.throws(() => readWatchInput({ namespace: '../a' }), /`namespace`.*got "\.\.\/a"/);
    assert.throws(() => readWatchInput(null), /`input` to be an object, got null/);
  });
});
