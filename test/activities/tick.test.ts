import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { EndsOfSpawns, startsWave, untilNextTickMs } from '../../src/activities/tick.ts';

describe('the ticks in which pools are told what happened', () => {
  it('are the same for whoever waits, whenever it began', () => {
    const at = (nowMs: number): number => nowMs + untilNextTickMs(nowMs);
    assert.equal(at(1_000_050), at(1_000_199));
  });

  it('are at most 200 ms away, and never now, so that a loop that waits for them rests', () => {
    for (let nowMs = 1_000_000; nowMs < 1_000_400; nowMs += 1) {
      const waitMs = untilNextTickMs(nowMs);
      assert.ok(waitMs > 0 && waitMs <= 200, `waits ${waitMs} ms at ${nowMs}`);
    }
  });
});

describe('the waves of ticks, in which pools under load are told', () => {
  it('begin at every other tick, also for a timer that fires a little early or late', () => {
    for (const tick of [1_000_000, 1_000_400]) {
      assert.ok([-1, 0, 1, 60].every((offMs) => startsWave(tick + offMs)));
      assert.ok([-1, 0, 1, 60].every((offMs) => !startsWave(tick + 200 + offMs)));
    }
  });
});

describe('the ticks in which the spawns of a process end', () => {
  const never = new AbortController().signal;
  const idle = () => Promise.resolve(false);

  /** Lets spawns end and tells at which tick (a fifth of a second) each did. */
  const endAll = async (ends: EndsOfSpawns, pool: string, count: number): Promise<number[]> => {
    const ticks: number[] = [];
    const end = async (): Promise<void> => {
      await ends.turn(pool, never);
      ticks.push(Math.floor(Date.now() / 200));
    };
    await Promise.all(Array.from({ length: count }, end));
    return ticks;
  };

  it('hold 20 ends of a pool, since Temporal fails a task during which more than 100 events come', async () => {
    const ends = new EndsOfSpawns(idle);
    const counts: number[] = [];
    let lastMs = 0;
    const end = async (): Promise<void> => {
      await ends.turn('p', never);
      // Ticks are 100 ms apart at least, and all ends of one come at once, on a busy machine as well.
      if (performance.now() - lastMs > 50) counts.push(0);
      lastMs = performance.now();
      counts.push((counts.pop() ?? 0) + 1);
    };
    await Promise.all(Array.from({ length: 45 }, end));
    assert.deepEqual(counts, [20, 20, 5]);
  });

  it('are the first ones of waves where ends are a load, and any where they are few', async () => {
    const ends = new EndsOfSpawns(idle);
    const order: string[] = [];
    const turn = (pool: string) => ends.turn(pool, never).then(() => order.push(pool));
    const nextWaveMs = Math.ceil((Date.now() + 1) / 400) * 400;
    const few = Array.from({ length: 3 }, () => turn('few'));
    await Promise.all([...few, ...Array.from({ length: 4 }, () => turn('load'))]);
    assert.deepEqual(order.slice(0, 3), ['few', 'few', 'few']);
    // A timer that fires late is taken for the next tick from half a tick on.
    assert.ok(Date.now() >= nextWaveMs - 100);
  });

  it('are not made up for by a process that lagged', async () => {
    const all = endAll(new EndsOfSpawns(idle), 'p', 60);
    const untilMs = performance.now() + 500;
    while (performance.now() < untilMs) Math.sqrt(untilMs);
    const ticks = await all;
    assert.ok((ticks[59] ?? 0) - (ticks[0] ?? 0) >= 2, `60 ends at the ticks ${String(ticks)}`);
  });

  it("are each pool's own (P7)", async () => {
    const ends = new EndsOfSpawns(idle);
    const busy = endAll(ends, 'busy', 60);
    const [other = 0] = await endAll(ends, 'other', 1);
    assert.ok(other < ((await busy).at(-1) ?? 0));
  });

  // While 1,000 pods filled, tasks of over half a second failed for the 100 events that came meanwhile,
  // and the replay after each took so long that the next failed as well, ten times in a row.
  it('wait while the pool is at work, so that its task is not failed for them', async () => {
    let isAtWork = false;
    let asked = 0;
    const ends = new EndsOfSpawns(() => {
      asked += 1;
      return Promise.resolve(isAtWork);
    });
    let ended = 0;
    const all = Array.from({ length: 50 }, () => ends.turn('p', never).then(() => (ended += 1)));
    await all[0];
    isAtWork = true;
    await sleep(700);
    assert.equal(ended, 20);
    isAtWork = false;
    await Promise.all(all);
    assert.ok(asked >= 3, `asked ${asked} times`);
  });

  it('are told when Temporal does not say whether the pool is at work', async () => {
    const ends = new EndsOfSpawns(() => Promise.reject(new Error('unavailable')));
    const ticks = await endAll(ends, 'p', 45);
    assert.equal(ticks.length, 45);
  });

  it('are few enough for one tick most often, and nobody is asked then', async () => {
    const ends = new EndsOfSpawns(() => {
      throw new Error('was asked');
    });
    assert.equal((await endAll(ends, 'p', 20)).length, 20);
  });

  it('are not waited for by a process that shuts down', async () => {
    const ends = new EndsOfSpawns(idle);
    const stopping = new AbortController();
    const all = Array.from({ length: 1_000 }, () => ends.turn('p', stopping.signal));
    const startedMs = performance.now();
    stopping.abort();
    await Promise.all([...all, ends.turn('p', stopping.signal)]);
    assert.ok(performance.now() - startedMs < 150);
  });
});
