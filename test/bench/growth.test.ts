import assert from 'node:assert/strict';
import { formatGrowth } from '../../bench/format-growth.ts';
import { sharesAt } from '../../bench/growth.ts';
import { fitMemory } from '../../bench/memory-fit.ts';
import { exampleResults } from './example-results.ts';

describe('the pools of growth', () => {
  it('hold as many pods as a step says, and none shrinks from step to step', () => {
    const steps = [
      { pools: 1, pods: 10 },
      { pools: 1, pods: 500 },
      { pools: 10, pods: 590 },
      { pools: 50, pods: 2_000 },
    ];
    let before = new Map<string, number>();
    for (const step of steps) {
      const shares = sharesAt(step);
      assert.equal(shares.length, step.pools);
      assert.equal(
        shares.reduce((sum, { pods }) => sum + pods, 0),
        step.pods,
      );
      assert.ok(shares.every(({ pool, pods }) => pods >= (before.get(pool) ?? 0)));
      before = new Map(shares.map(({ pool, pods }) => [pool, pods]));
    }
  });
});

describe('the memory of growth', () => {
  const at = (pools: number, pods: number, megabytes: number) => ({ pools, pods, megabytes });

  it('is told apart into a process, its pools and its pods', () => {
    const memory = (pools: number, pods: number) =>
      at(pools, pods, 200 + 0.5 * pools + 0.03 * pods);
    const fit = fitMemory([memory(0, 0), memory(1, 10), memory(1, 500), memory(50, 2_000)]);
    assert.deepEqual(fit, { emptyMb: 200, perPoolKb: 500, perPodKb: 30, worstMb: 0 });
  });

  it('says how far it is from the reading that it fits least', () => {
    const fit = fitMemory([at(0, 0, 100), at(1, 0, 110), at(2, 0, 100), at(0, 100, 100)]);
    assert.ok(fit.worstMb > 3 && fit.worstMb < 10, String(fit.worstMb));
  });

  it('is no fit of readings in which pools and pods grow together', () => {
    const together = [at(0, 0, 1), at(1, 10, 2), at(2, 20, 3)];
    assert.throws(() => fitMemory(together), /pools and pods grow apart/);
  });
});

describe('growth', () => {
  it('is readable as a table', () => {
    const report = exampleResults.results.find(({ name }) => name === 'growth')?.report;
    assert.ok(report?.benchmark === 'growth');
    const text = formatGrowth(report);
    assert.match(
      text,
      /^up to 50 pools with 2000 pods, cluster control-plane, heartbeats default$/m,
    );
    assert.match(text, /^50 +2000 +9000 +2 +260 +240$/m);
    assert.match(text, /^worker +150 +400 +30 +2$/m);
  });
});
