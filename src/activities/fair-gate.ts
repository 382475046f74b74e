/**
 * Lets a limited number of calls through at once, pool by pool in turn (P7). Calls that queued inside
 * the connection instead would use up their deadline there: of 1,000 creates at once, every tenth was
 * given up and tried again.
 */
export class FairGate {
  readonly #max: number;
  #inside = 0;
  /** Those who wait, by pool; the pool at the front is next. At most one an activity. */
  readonly #lines = new Map<string, Set<() => void>>();

  /** `max`: calls at once. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Makes a call when it is its turn. Rejects with the signal's reason when that comes first. */
  async pass<T>(pool: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#inside < this.#max) this.#inside += 1;
    else await this.#wait(pool, signal);
    try {
      return await call();
    } finally {
      this.#next();
    }
  }

  /** Resolves once another has given its place to this one. */
  #wait(pool: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(pool) ?? new Set();
      this.#lines.set(pool, line);
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        line.delete(enter);
        if (line.size === 0) this.#lines.delete(pool);
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
      };
      line.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Gives the place to the next pool in turn, or back. */
  #next(): void {
    const [first] = this.#lines;
    if (first === undefined) {
      this.#inside -= 1;
      return;
    }
    const [pool, line] = first;
    this.#lines.delete(pool);
    const [enter] = line;
    if (enter === undefined) throw new Error(`Expected someone of pool ${pool} to wait`);
    line.delete(enter);
    if (line.size > 0) this.#lines.set(pool, line);
    enter();
  }
}
