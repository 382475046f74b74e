/**
 * What happens within one tick is told to a pool together. Each thing told alone costs the pool a
 * workflow task, about 10 ms of worker and Temporal: a fill of 300 took 96 tasks before, since
 * pods turn Ready one by one.
 */

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

/** Lets the spawns of a process end tick by tick, pool by pool. */
export class EndsOfSpawns {
  /** In order of coming; only pools with ends to tell are kept. At most one a spawn under way. */
  readonly #lines = new Map<string, Set<() => void>>();

  /** Waits for a tick: with 1,000 before it, up to 10 s. Ends early by the signal. */
  turn(pool: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        signal.removeEventListener('abort', end);
        this.#lines.get(pool)?.delete(end);
        resolve();
      };
      signal.addEventListener('abort', end);
      const line = this.#lines.get(pool);
      if (line !== undefined) {
        line.add(end);
        return;
      }
      this.#lines.set(pool, new Set([end]));
      setTimeout(() => this.#tick(pool), untilNextTickMs(Date.now()));
    });
  }

  /** Ends some, and sets the next tick only then: a process that lags must not make up for it. */
  #tick(pool: string): void {
    const line = this.#lines.get(pool) ?? new Set();
    for (const end of [...line].slice(0, maxEndsPerTick)) end();
    if (line.size === 0) {
      this.#lines.delete(pool);
      return;
    }
    const waitMs = untilNextTickMs(Date.now());
    setTimeout(() => this.#tick(pool), waitMs < tickMs / 2 ? waitMs + tickMs : waitMs);
  }
}
