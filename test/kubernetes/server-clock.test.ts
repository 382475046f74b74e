import assert from 'node:assert/strict';
import { ServerClock } from '../../src/kubernetes/server-clock.ts';

describe("the API server's clock", () => {
  const start = Date.parse('2026-01-01T00:00:00Z');
  const header = (ms: number): string => new Date(ms).toUTCString();

  it('is never ahead of the server, and within its rounding after a few answers', () => {
    let nowMs = 0;
    const clock = new ServerClock(() => nowMs);
    for (nowMs = 0; nowMs < 5_000; nowMs += 130) {
      clock.learn(header(start + nowMs));
      assert.ok(clock.nowMs() <= start + nowMs);
    }
    assert.ok(clock.nowMs() > start + nowMs - 300);
  });

  it('is our own until the server has answered, and passes over what is no date', () => {
    const clock = new ServerClock(() => 7);
    clock.learn('yesterday');
    clock.learn(undefined);
    assert.ok(Math.abs(clock.nowMs() - Date.now()) < 1_000);
  });

  it('follows a clock that was set back within two minutes', () => {
    let nowMs = 0;
    const clock = new ServerClock(() => nowMs);
    clock.learn(header(start));
    for (const at of [61_000, 122_000, 183_000]) {
      nowMs = at;
      clock.learn(header(start - 3_600_000 + at));
    }
    assert.ok(clock.nowMs() <= start - 3_600_000 + nowMs);
  });
});
