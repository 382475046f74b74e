/**
 * When a run gives way to the next one.
 *
 * The server refuses the end of a run if a message or an outcome came while the task ran that wanted
 * to end it; the task is then given again, with what came. A task that wants to end does nothing else,
 * so a busy pool that lost this race again and again would plan nothing meanwhile (150 pods that
 * became Ready at once made it lose six times in a row).
 *
 * E1. A task ends the run only if it was woken by the clock and nothing was heard since the last one.
 *     Given again after it lost the race it has heard something, so it works: no two ends are lost in a
 *     row.
 * E2. The clock wakes it once a second, between two ticks of the activities: what they tell comes in the
 *     first moments of a tick. A lost end costs a replay of the whole history, 2.6 s at 4,100 events on a
 *     busy machine, in which a pool of 60 ran dry under 25 claims a second.
 * E3. Beyond `maxHistoryEvents` a run ends at the next chance, calm or not.
 */
import { tickMs } from '../pool/tick.ts';

/**
 * Continue-as-new is forced here if the server has not suggested it (it does at 4,096 events) or no
 * task was calm: replaying 4,000 events takes a cold process 3 to 4 s, and past 10 s it could loop.
 */
const maxHistoryEvents = 8_000;

/**
 * Events of a calm task beside the activities that the one before it launched: completed, scheduled and
 * started as for any task, its timer, and up to three of timers and attributes that were changed before.
 * A task that lost the race has at least eight: those of any task, its timer, its own failure, schedule
 * and start, and one that came meanwhile.
 */
const maxCalmEvents = 7;

/** A pool that waits for a calm task is woken this often, which costs five events. */
const wakeIntervalMs = 1_000;

/**
 * In a tick of 200 ms, when the pool is woken. What activities tell comes within some 60 ms; a task takes 30
 * of the 80 ms that are left.
 */
const calmInTickMs = 120;

/** What a task tells of its run. */
export interface RunLength {
  /** Events up to the start of the task. */
  historyLength: number;
  continueAsNewSuggested: boolean;
}

/** Decides when a run ends. All it says follows from the history, so a replay hears the same. */
export interface RunEnd {
  /** Whether the run should end in this task; `heard`: something came since the loop last passed. */
  isDue(heard: boolean): boolean;
  /** Whether a task in which nothing was heard may end the run. To be asked in a wait. */
  mayCome(): boolean;
  /** Notes that the loop has passed in this task, and launched so many activities. */
  passed(launched: number): void;
  /** When to wake the loop although nothing is due; null when the run need not end. */
  wakeAtMs(nowMs: number): number | null;
}

/**
 * What ends the run that `read` tells of. `waitsForCalm` is false for histories of 0.1.0, whose runs
 * ended at once.
 */
export function createRunEnd(read: () => RunLength, waitsForCalm: boolean): RunEnd {
  let passedAtLength = 0;
  let launchedThen = 0;

  const isWanted = (): boolean => {
    const { historyLength, continueAsNewSuggested } = read();
    return continueAsNewSuggested || historyLength > maxHistoryEvents;
  };

  const isDue = (heard: boolean): boolean => {
    if (!isWanted()) return false;
    const { historyLength } = read();
    if (!waitsForCalm) return true;
    // What a task has launched would be launched once more.
    if (historyLength === passedAtLength) return false;
    if (historyLength > maxHistoryEvents) return true;
    return !heard && historyLength - passedAtLength - launchedThen <= maxCalmEvents;
  };

  return {
    isDue,
    mayCome: () => isDue(false),
    passed(launched) {
      const { historyLength } = read();
      // A task may pass the loop more than once.
      launchedThen = launched + (historyLength === passedAtLength ? launchedThen : 0);
      passedAtLength = historyLength;
    },
    wakeAtMs(nowMs) {
      if (!waitsForCalm || !isWanted()) return null;
      const atMs = nowMs + wakeIntervalMs;
      return atMs - (atMs % tickMs) + calmInTickMs;
    },
  };
}
