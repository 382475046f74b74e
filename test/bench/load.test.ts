import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { poissonArrivals } from '../../bench/arrivals.ts';
import { runOpenLoop } from '../../bench/open-loop.ts';
import { burst, steadyLoad } from '../../bench/schedules.ts';

const never = new AbortController().signal;

describe('the arrivals of claims', () => {
  const arrivals = poissonArrivals({ ratePerSecond: 50, seconds: 100, seed: 1 });

  it('are the same for the same seed, and others for another', () => {
    const again = poissonArrivals({ ratePerSecond: 50, seconds: 100, seed: 1 });
    const others = poissonArrivals({ ratePerSecond: 50, seconds: 100, seed: 2 });
    assert.deepEqual(again, arrivals);
    assert.notDeepEqual(others.slice(0, 10), arrivals.slice(0, 10));
  });

  it('rise and stay within the time asked for', () => {
    assert.ok(arrivals.every((atMs, index) => atMs > (arrivals[index - 1] ?? 0)));
    assert.ok(arrivals.at(-1)! < 100_000);
  });

  it('come at the rate asked for, at random: gaps spread as far as they are long', () => {
    assert.ok(Math.abs(arrivals.length - 5_000) < 250, `${arrivals.length} arrivals`);
    const gaps = arrivals.map((atMs, index) => atMs - (arrivals[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    assert.ok(Math.abs(Math.sqrt(variance) / mean - 1) < 0.1);
  });

  it('work with every seed, 0 and the one that cancels the generator out included', () => {
    for (const seed of [0, 0x9e3779b9]) {
      assert.ok(poissonArrivals({ ratePerSecond: 10, seconds: 10, seed }).length > 50);
    }
  });

  it('of a steady load come in parts that differ', () => {
    const { parts } = steadyLoad({ ratePerSecond: 20, seconds: 90, parts: 3, seed: 1 });
    assert.equal(parts.length, 3);
    assert.ok(parts.every((part) => part.at(-1)! < 30_000 && part.length > 400));
    assert.notDeepEqual(parts[0], parts[1]);
  });

  it('of a burst are all at the start', () => {
    assert.deepEqual(burst({ claims: 3, parts: 2 }).parts, [
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe('an open loop', () => {
  it('counts a latency from the intended arrival, so that a stall is charged to all it delays', async () => {
    const timed = await runOpenLoop({
      arrivalsMs: [0, 10, 20],
      signal: never,
      task: (index) => {
        const untilMs = performance.now() + (index === 0 ? 100 : 0);
        while (performance.now() < untilMs) Math.sqrt(untilMs);
        return Promise.resolve();
      },
    });
    assert.ok(timed[1]!.latencyMs >= 85, `${timed[1]!.latencyMs} ms`);
    assert.ok(timed[2]!.latencyMs >= 75, `${timed[2]!.latencyMs} ms`);
  });

  it('does not wait for answers before it goes on', async () => {
    let underWay = 0;
    let most = 0;
    await runOpenLoop({
      arrivalsMs: [0, 1, 2, 3],
      signal: never,
      task: async () => {
        most = Math.max(most, (underWay += 1));
        await sleep(50);
        underWay -= 1;
      },
    });
    assert.equal(most, 4);
  });

  it('ends a latency with the answer, not with what is done afterwards', async () => {
    const [claim] = await runOpenLoop({
      arrivalsMs: [0],
      signal: never,
      task: async (_, answered) => {
        answered();
        await sleep(100);
      },
    });
    assert.ok(claim!.latencyMs < 50);
  });

  it('keeps an error as the result of its own task', async () => {
    const timed = await runOpenLoop({
      arrivalsMs: [0, 0],
      signal: never,
      task: (index) =>
        index === 0 ? Promise.reject(new Error('refused')) : Promise.resolve('granted'),
    });
    assert.equal(timed[0]!.result.ok, false);
    assert.deepEqual(timed[1]!.result, { ok: true, value: 'granted' });
  });

  it('is ended by its signal', async () => {
    const load = { arrivalsMs: [60_000], task: () => Promise.resolve() };
    await assert.rejects(runOpenLoop({ ...load, signal: AbortSignal.timeout(20) }), /abort/i);
  });
});
