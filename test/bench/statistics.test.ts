import assert from 'node:assert/strict';
import { median, percentilesOf, spreadOf } from '../../bench/statistics.ts';

describe('the statistics of a benchmark', () => {
  it('takes the middle run, or the mean of the two in the middle', () => {
    assert.equal(median([30, 10, 20]), 20);
    assert.equal(median([40, 10, 20, 30]), 25);
    assert.equal(median([7]), 7);
    assert.ok(Number.isNaN(median([])));
  });

  it('does not order the runs it was given', () => {
    const runs = [30, 10, 20];
    median(runs);
    assert.deepEqual(runs, [30, 10, 20]);
  });

  it('tells the lowest and the highest run', () => {
    assert.deepEqual(spreadOf([30, 10, 20]), { min: 10, max: 30 });
  });

  it('reads percentiles to 0.1 %, the highest exactly', () => {
    const latencies = Array.from({ length: 1_000 }, (_, index) => index + 1);
    const { p50Ms, p90Ms, p99Ms, maxMs } = percentilesOf(latencies);
    for (const [got, expected] of [
      [p50Ms, 500],
      [p90Ms, 900],
      [p99Ms, 990],
      [maxMs, 1_000],
    ] as const) {
      assert.ok(Math.abs(got - expected) <= expected / 1_000, `${got} is not near ${expected}`);
    }
  });

  it('keeps parts of a millisecond apart', () => {
    assert.equal(percentilesOf([0.25, 0.25, 0.75]).p50Ms, 0.25);
  });

  it('gives zeros for no latencies', () => {
    assert.deepEqual(percentilesOf([]), { p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 });
  });
});
