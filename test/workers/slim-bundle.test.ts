import assert from 'node:assert/strict';
import vm from 'node:vm';
import { slimBundle } from '../../src/workers/slim-bundle.ts';

const marker = '\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,';
const map = {
  version: 3,
  file: 'a.js',
  sources: ['a.ts'],
  mappings: 'AAAA,IAAIA',
  names: ['text'],
};

function bundleOf(code: string, sourcesContent: string[]): string {
  const json = JSON.stringify({ ...map, sourcesContent });
  return `${code}${marker}${Buffer.from(json).toString('base64')}`;
}

describe('a slim bundle', () => {
  const code = '/* ≤ */ const text = "the worker’s 😀"; const template = `${text} → é`; template';
  const slim = slimBundle(bundleOf(code, ['const text = "the worker’s";']));

  it('does what the bundle did', () => {
    assert.equal(vm.runInNewContext(slim), 'the worker’s 😀 → é');
  });

  // The stacks of promises were a quarter of what a workflow's thread did under 45 claims a second.
  it('keeps three frames of each stack', () => {
    const deep = 'const f = (n) => (n === 0 ? new Error("x").stack : f(n - 1));\nf(20)';
    const stack = String(vm.runInNewContext(slimBundle(bundleOf(deep, []))));
    assert.equal(stack.split('\n').length, 4);
    assert.match(stack, /at f \(evalmachine.<anonymous>:1:/);
  });

  it('has no character that takes two bytes', () => {
    assert.match(slim, /^[\0-\xff]*$/);
  });

  it('has its source map at its very end, without sources and words', () => {
    const [, encoded = ''] = slim.split(marker);
    const thin = { ...map, mappings: 'AAAA', names: [] };
    assert.deepEqual(JSON.parse(Buffer.from(encoded, 'base64').toString()), thin);
  });

  it('is refused of code that has no source map, which a worker would refuse too', () => {
    assert.throws(() => slimBundle(code), /to end with a source map in base64, got none/);
  });
});
