import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { wholeNumber } from '../../bench/whole-number.ts';

const main = join(import.meta.dirname, '../../bench/main.ts');

const bench = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

describe("the benchmarks' command line", () => {
  it('refuses a cluster that it cannot start', () => {
    const { status, stderr, stdout } = bench('fill', '--cluster', 'moon');
    assert.equal(status, 1);
    assert.match(stderr, /'moon' is invalid.*simulated, control-plane/);
    assert.equal(stdout, '');
  });

  it('refuses a number out of its limits before anything starts', () => {
    const { status, stderr } = bench('fill', '--pods', '5000');
    assert.equal(status, 1);
    assert.match(
      stderr,
      /'--pods <number>' argument '5000'.*whole number from 1 to 2000, got 5000/,
    );
  });

  it('reads only whole numbers', () => {
    const read = wholeNumber(1, 10);
    assert.equal(read('10'), 10);
    for (const wrong of ['0', '11', '1.5', '-1', '1e1', 'x', '']) {
      assert.throws(() => read(wrong), /Expected a whole number from 1 to 10/);
    }
  });
});
