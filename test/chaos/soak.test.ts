import assert from 'node:assert/strict';
import { judgeSoak, slopePerTenMinutes, soakLimits, type Sample } from './judge-soak.ts';
import { drawSoak } from './soak-chart.ts';

/** An hour of a process that starts at 200 MB, jumps up and down by 5 MB, and grows as told after 15 minutes. */
function hourOf(growthPerTenMinutes: number, more: Record<string, number> = {}): Sample[] {
  return Array.from({ length: 720 }, (_, index) => {
    const atSeconds = index * 5;
    const grown = (Math.max(0, atSeconds - 900) / 600) * growthPerTenMinutes;
    const values = {
      ...{ 'api-one MB': 200 + grown + (index % 3) * 5, 'api-one handles': 40 + (index % 2) },
      ...{ 'api-one loop ms': 20, 'watcher lag s': 0.1, 'longest history': 4_000 },
      ...more,
    };
    return { atSeconds, values };
  });
}

const claims = { made: 36_000, failed: 0 };

function broken(samples: Sample[], changes: Partial<Parameters<typeof judgeSoak>[0]> = {}) {
  const judged = judgeSoak({
    ...{ samples, claims, actions: 60_000, steady: ['api-one'] },
    ...changes,
  });
  return judged.filter(({ isKept }) => !isKept).map(({ what }) => what);
}

describe('the verdict on a soak', () => {
  it('passes an hour in which memory only goes up and down', () => {
    assert.deepEqual(broken(hourOf(0)), []);
  });

  it('notices a process that grows by 2 MB in ten minutes', () => {
    assert.deepEqual(broken(hourOf(2)), ['growth of api-one in MB by 10 minutes']);
  });

  it('forgives what the first half of the run takes', () => {
    const rising = hourOf(0).map(({ atSeconds, values }) => ({
      atSeconds,
      values: { ...values, 'api-one MB': Math.min(200, 100 + atSeconds / 9) },
    }));
    assert.deepEqual(broken(rising), []);
  });

  it('takes what a process gave back and took again for no growth', () => {
    const sunken = hourOf(0).map(({ atSeconds, values }) => {
      const minutes = atSeconds / 60;
      const given = minutes < 25 ? 0 : Math.max(0, 40 - (minutes - 25) * 1.5);
      return { atSeconds, values: { ...values, 'api-one MB': 200 - given } };
    });
    assert.deepEqual(broken(sunken), []);
  });

  it('does not judge the growth of a run that is too short, and judges a short one by the wider limit', () => {
    assert.deepEqual(broken(hourOf(900).slice(0, 60)), []);
    const tenMinutes = hourOf(0).slice(0, 120);
    const by3 = tenMinutes.map(({ atSeconds, values }) => ({
      atSeconds,
      values: { ...values, 'api-one MB': 200 + (atSeconds / 600) * 3 },
    }));
    assert.deepEqual(broken(by3), []);
  });

  it('names every limit that is passed', () => {
    const samples = hourOf(0, {
      ...{ 'watcher lag s': 1.2, 'longest history': soakLimits.historyEvents + 1 },
      ...{ 'api-one loop ms': 101 },
    });
    assert.deepEqual(broken(samples, { claims: { made: 1_000, failed: 2 }, actions: 6_001 }), [
      'usual event loop delay of api-one in ms',
      'p99 of the lag of the watcher in s',
      'longest history in events',
      'claims that failed, of one',
      'Temporal actions a claim',
    ]);
  });

  it('fails when there was nothing to see', () => {
    const nothing = hourOf(0).map(({ atSeconds }) => ({ atSeconds, values: {} }));
    assert.equal(broken(nothing).length, 5);
  });

  it('computes a slope', () => {
    const points = [0, 300, 600].map((atSeconds) => ({ atSeconds, value: 7 + atSeconds / 100 }));
    assert.ok(Math.abs(slopePerTenMinutes(points) - 6) < 1e-9);
  });
});

describe('the chart of a soak', () => {
  it('has every diagram and line, also one with nothing to draw', () => {
    const points = [0, 5, 10].map((atSeconds) => ({ atSeconds, value: atSeconds * 3 }));
    const svg = drawSoak([
      { title: 'Memory', lines: [{ name: 'worker', points }] },
      { title: 'Nothing', lines: [{ name: 'none', points: [] }] },
    ]);
    for (const text of ['Memory', 'Nothing', 'worker', 'none']) {
      assert.match(svg, new RegExp(`>${text}<`));
    }
    assert.doesNotMatch(svg, /NaN|Infinity/);
  });
});
