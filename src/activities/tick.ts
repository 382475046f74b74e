/**
 * What happens within one tick is told to a pool together. Each thing told alone costs the pool a
 * workflow task, about 10 ms of worker and Temporal: a fill of 300 took 96 tasks before, since
 * pods turn Ready one by one.
 */
import { tickMs } from '../pool/tick.ts';

/**
 * Ends of spawns that a pool is told in one tick. Temporal fails a workflow task during which more
 * than 100 events come, and each end is two events: 20 a tick are 100 ends a second, more than most
 * clusters start.
 */
const maxEndsPerTick = 20;

/**
 * Ticks for which a pool at work is left alone: 10 s, after which its task has timed out. A task of a
 * pool of 1,000 takes half a second on a busy machine. When such a task failed for its 100 events, the
 * pool was replayed for over a second, in which the next 100 came: ten tasks in a row failed.
 */
const maxTicksHeld = 50;

/** Time until the next tick. Signals and completions share the ticks, and so their workflow tasks. */
export function untilNextTickMs(nowMs: number): number {
  return tickMs - (nowMs % tickMs);
}

/**
 * Ticks in a wave. A pool under load is told its news and its ends in the first tick of each wave: one
 * workflow task for both every 400 ms, where it had one or two every 200 ms: at 45 claims a second 0.155
 * workflow tasks a claim, and not 0.25.
 */
const ticksInWave = 2;

/** Ends in a tick that make a load: a wave would save nothing for fewer, which are told in that tick. */
const loadEnds = 4;

/** Whether the tick at this instant, or the nearest one, is the first of a wave. */
export function startsWave(nowMs: number): boolean {
  return Math.round(nowMs / tickMs) % ticksInWave === 0;
}

/** Spawns of a pool that wait to end, in order of coming. */
interface Line {
  ends: Set<() => void>;
  ticksHeld: number;
}

/** Lets the spawns of a process end tick by tick, pool by pool. */
export class EndsOfSpawns {
  readonly #isAtWork: (pool: string) => Promise<boolean>;
  /** Only pools with ends to tell are kept. At most one end a spawn under way. */
  readonly #lines = new Map<string, Line>();

  /**
   * `isAtWork` says whether a workflow task of the pool is under way. Only pools with more ends than
   * go into one tick are asked for; one that can't be asked about is taken to be idle.
   */
  constructor(isAtWork: (pool: string) => Promise<boolean>) {
    this.#isAtWork = isAtWork;
  }

  /** Waits for a tick: with 1,000 before it, 10 s and longer. Ends early by the signal. */
  turn(pool: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        signal.removeEventListener('abort', end);
        this.#lines.get(pool)?.ends.delete(end);
        resolve();
      };
      signal.addEventListener('abort', end);
      const line = this.#lines.get(pool);
      if (line !== undefined) {
        line.ends.add(end);
        return;
      }
      this.#lines.set(pool, { ends: new Set([end]), ticksHeld: 0 });
      setTimeout(() => void this.#tick(pool), untilNextTickMs(Date.now()));
    });
  }

  /** Ends some, and sets the next tick only then: a process that lags must not make up for it. */
  async #tick(pool: string): Promise<void> {
    const line = this.#lines.get(pool);
    if (line !== undefined) {
      const { size } = line.ends;
      const isLoad = size >= loadEnds && size < maxEndsPerTick;
      const isMany = size > maxEndsPerTick || line.ticksHeld > 0;
      const isHeld = isMany && line.ticksHeld < maxTicksHeld && (await this.#asksIfAtWork(pool));
      line.ticksHeld = isHeld ? line.ticksHeld + 1 : 0;
      const waits = isHeld || (isLoad && !startsWave(Date.now()));
      if (!waits) for (const end of [...line.ends].slice(0, maxEndsPerTick)) end();
    }
    if (line === undefined || line.ends.size === 0) {
      this.#lines.delete(pool);
      return;
    }
    const waitMs = untilNextTickMs(Date.now());
    setTimeout(() => void this.#tick(pool), waitMs < tickMs / 2 ? waitMs + tickMs : waitMs);
  }

  /** Temporal that does not answer takes no ends either: they are sent, and sent again, as ever. */
  async #asksIfAtWork(pool: string): Promise<boolean> {
    return this.#isAtWork(pool).catch(() => false);
  }
}
