/** One timer at a time, for the earliest instant asked for. */
import { CancellationScope, sleep } from '@temporalio/workflow';

/** Wakes the loop. */
export interface Alarm {
  /** Rings at that instant or earlier. Asking for a later one than is set costs no event. */
  ringBy(atMs: number, nowMs: number): void;
  /**
   * How late the earliest wake-up asked for comes, counted from its instant; 0 when it is not late.
   * Asked once a pass: a wake-up that has rung is not counted again.
   */
  lateMs(nowMs: number): number;
}

/**
 * A timer costs two events, and a loop that set one at each pass would double a pool's history.
 * An early ring is harmless, since a plan made early plans nothing, so a timer that is set for an
 * earlier instant is left alone.
 */
export function createAlarm(onRing: () => void): Alarm {
  let set: { atMs: number; scope: CancellationScope } | null = null;
  let rungForMs: number | null = null;
  return {
    lateMs(nowMs) {
      const askedForMs = Math.min(set?.atMs ?? nowMs, rungForMs ?? nowMs);
      rungForMs = null;
      return Math.max(0, nowMs - askedForMs);
    },
    ringBy(atMs, nowMs) {
      if (set !== null && set.atMs <= atMs) return;
      set?.scope.cancel();
      const mine = { atMs, scope: new CancellationScope() };
      set = mine;
      void mine.scope
        .run(() => sleep(Math.max(1, atMs - nowMs), { summary: 'until the next look' }))
        .then(
          () => {
            if (set === mine) set = null;
            rungForMs = Math.min(rungForMs ?? mine.atMs, mine.atMs);
            onRing();
          },
          // Cancelled for an earlier one, or with the whole workflow, which the loop notices itself.
          () => undefined,
        );
    },
  };
}
