import assert from 'node:assert/strict';
import {
  claimRecordName,
  isKey,
  isNamespace,
  isPoolName,
  podName,
  podOrdinal,
  poolCardName,
  poolWorkflowId,
  templateName,
  watchWorkflowId,
} from '../../src/pool/names.ts';

describe('names', () => {
  it('are never renamed: objects, workflows and dashboards rely on them', () => {
    assert.deepEqual(
      [podName('small', 35), templateName('small', 'abc'), poolCardName('small')],
      ['small-z', 'small-abc', 'pilotlight-small'],
    );
    assert.deepEqual(
      [claimRecordName('f00'), poolWorkflowId('small'), watchWorkflowId('home')],
      ['pilotlight-f00', 'pool-small', 'watch-home'],
    );
  });

  for (const [name, ordinal] of [
    ['small-0', 0],
    ['small-10', 36],
    ['small-zzzzzzzzz', 36 ** 9 - 1],
    ['large-0', null],
    ['small', null],
    ['small-', null],
    ['small-007', null],
    ['small-a-b', null],
    ['small-A', null],
    ['small-zzzzzzzzzz', null],
  ] as const) {
    it(`give ${name} the ordinal ${String(ordinal)} in pool small (S5)`, () => {
      assert.equal(podOrdinal('small', name), ordinal);
    });
  }

  for (const [value, isPool, isHome] of [
    ['a', true, true],
    ['a-0', true, true],
    ['p'.repeat(50), true, true],
    ['p'.repeat(51), false, true],
    ['p'.repeat(63), false, true],
    ['p'.repeat(64), false, false],
    ['-a', false, false],
    ['a-', false, false],
    ['A', false, false],
    ['', false, false],
    [7, false, false],
  ] as const) {
    it(`${isPool ? 'let' : 'do not let'} a pool be called ${JSON.stringify(value)}`, () => {
      assert.deepEqual([isPoolName(value), isNamespace(value)], [isPool, isHome]);
    });
  }

  it('are no keys when every object inherits them (P8)', () => {
    assert.deepEqual(['constructor', '__proto__', 'p-0'].map(isKey), [false, false, true]);
  });
});
