import assert from 'node:assert/strict';
import { fractionOf, waitMs } from '../../src/pool/back-off.ts';

const limits = { firstMs: 1_000, longestMs: 60_000 };

describe('a wait', () => {
  for (const [step, longest] of [
    [0, 1_000],
    [1, 2_000],
    [5, 32_000],
    [6, 60_000],
    [1_000_000, 60_000],
  ] as const) {
    it(`of step ${step} lasts from ${longest * 0.8} to ${longest} ms`, () => {
      for (let seed = 0; seed < 50; seed += 1) {
        const ms = waitMs({ ...limits, step, seed: `pool/${seed}` });
        assert.ok(ms >= longest * 0.8 && ms <= longest && Number.isInteger(ms), String(ms));
      }
    });
  }

  it('is the same for the same seed, so that a replay decides the same (P11)', () => {
    const wait = (seed: string): number => waitMs({ ...limits, step: 3, seed });
    assert.equal(wait('small/3'), wait('small/3'));
    assert.notEqual(wait('small/3'), wait('large/3'));
  });

  it('is spread evenly by short seeds', () => {
    const fractions = Array.from({ length: 1_000 }, (_, n) => fractionOf(`p-${n}`));
    assert.ok(fractions.every((fraction) => fraction >= 0 && fraction < 1));
    const lower = fractions.filter((fraction) => fraction < 0.5).length;
    assert.ok(lower > 400 && lower < 600, String(lower));
  });
});
