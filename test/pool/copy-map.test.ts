import assert from 'node:assert/strict';
import { copyOf, copyWith } from '../../src/pool/copy-map.ts';

describe('copies of maps', () => {
  const map = { 'p-2': 'a', 'p-0': 'b', 7: 'c' };

  it('are as a spread would make them, in the order of their keys', () => {
    assert.deepEqual(copyOf(map), { ...map });
    assert.deepEqual(Object.entries(copyOf(map)), Object.entries({ ...map }));
  });

  it('leave what they were made of as it was', () => {
    const copy = copyWith(map, 'p-0', 'x');
    assert.deepEqual(Object.entries(copy), Object.entries({ ...map, 'p-0': 'x' }));
    assert.equal(map['p-0'], 'b');
    assert.deepEqual(copyWith(map, 'p-9', 'y'), { ...map, 'p-9': 'y' });
  });
});
