import assert from 'node:assert/strict';
import { untilNextTickMs } from '../../src/activities/tick.ts';

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
