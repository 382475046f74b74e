import assert from 'node:assert/strict';
import { EndsOfSpawns, untilNextTickMs } from '../../src/activities/tick.ts';

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

describe('the ticks in which the spawns of a process end', () => {
  it('hold 20 ends of a pool, since Temporal fails a task during which more than 100 events come', () => {
    const ends = new EndsOfSpawns();
    const ticks = Array.from({ length: 50 }, () => ends.tickFor('p', 1_000_050));
    const counts = new Map<number, number>();
    for (const tick of ticks) counts.set(tick, (counts.get(tick) ?? 0) + 1);
    assert.deepEqual(
      [...counts],
      [
        [1_000_200, 20],
        [1_000_400, 20],
        [1_000_600, 10],
      ],
    );
  });

  it("are each pool's own (P7)", () => {
    const ends = new EndsOfSpawns();
    for (let index = 0; index < 50; index += 1) ends.tickFor('busy', 1_000_050);
    assert.equal(ends.tickFor('other', 1_000_050), 1_000_200);
  });

  it('go on at the next tick once those given away have passed', () => {
    const ends = new EndsOfSpawns();
    for (let index = 0; index < 30; index += 1) ends.tickFor('p', 1_000_050);
    assert.equal(ends.tickFor('p', 1_000_450), 1_000_600);
  });

  it('are not waited for by a process that shuts down', async () => {
    const startedMs = performance.now();
    const ends = new EndsOfSpawns();
    for (let index = 0; index < 1_000; index += 1) ends.tickFor('p', Date.now());
    await ends.turn('p', AbortSignal.abort());
    assert.ok(performance.now() - startedMs < 100);
  });
});
