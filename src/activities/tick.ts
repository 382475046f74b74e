/**
 * What happens within one tick is told to a pool together. Each thing told alone costs the pool a
 * workflow task, about 10 ms of worker and Temporal: a fill of 300 took 96 tasks before, since
 * pods turn Ready one by one.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** At 10 claims a second a tick of 200 ms makes about 4 history events a claim. */
const tickMs = 200;

/**
 * Ends of spawns that a pool is told in one tick. Temporal fails a workflow task during which more
 * than 100 events come, and each end is two events: 20 a tick stay below that while a task takes
 * up to half a second. They are 100 a second, more than most clusters start.
 */
const maxEndsPerTick = 20;

/** Time until the next tick. Signals and completions share the ticks, and so their workflow tasks. */
export function untilNextTickMs(nowMs: number): number {
  return tickMs - (nowMs % tickMs);
}

/** The ticks in which the spawns of a process end, pool by pool. */
export class EndsOfSpawns {
  /** The last tick that was given away, and how often. Only pools with spawns under way are kept. */
  readonly #lastTick = new Map<string, { atMs: number; taken: number }>();

  /** The tick, in milliseconds since 1970, in which a spawn that is over now is told. */
  tickFor(pool: string, nowMs: number): number {
    const nextMs = nowMs + untilNextTickMs(nowMs);
    const last = this.#lastTick.get(pool);
    if (last === undefined || last.atMs < nextMs) {
      this.#lastTick.set(pool, { atMs: nextMs, taken: 1 });
      return nextMs;
    }
    const isFull = last.taken >= maxEndsPerTick;
    last.atMs += isFull ? tickMs : 0;
    last.taken = isFull ? 1 : last.taken + 1;
    return last.atMs;
  }

  /** Waits for that tick: at 1,000 spawns at once up to 10 s. Ends early by the signal. */
  async turn(pool: string, signal: AbortSignal): Promise<void> {
    const atMs = this.tickFor(pool, Date.now());
    await sleep(Math.max(0, atMs - Date.now()), undefined, { signal }).catch(() => undefined);
    if (this.#lastTick.get(pool)?.atMs === atMs) this.#lastTick.delete(pool);
  }
}
