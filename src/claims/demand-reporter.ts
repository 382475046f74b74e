/** Tells a pool how many claims wait for it here, as often as it must know and no more. */
import type { DemandReport } from './claim.ts';

/** Changes within this are one report: at most 4 signals a second for a pool and replica. */
const coalesceMs = 250;

/** A standing demand is confirmed this often, well within the time that a report counts. */
const refreshMs = 5_000;

/** A report counts for this long, so that a replica that died demands nothing after it. */
const reportLastsMs = 15_000;

/** First and longest pause before a report that was not taken is sent again. */
const firstRetryMs = 500;
const longestRetryMs = 5_000;

/** Reports the demand of one pool. */
export class DemandReporter {
  readonly #send: (demand: DemandReport) => Promise<void>;
  readonly #count: () => number;
  readonly #version: () => string;
  readonly #onUnheard: (message: string) => void;
  #waiting = 0;
  /** What the pool was told last; null when it may not have heard it. */
  #told: number | null = 0;
  #isSending = false;
  #retryMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #lastSentAtMs = -Infinity;
  /** Until then a demand that was sent may count. */
  #countsUntilMs = -Infinity;

  constructor(options: {
    send: (demand: DemandReport) => Promise<void>;
    /** How many wait at this moment: what is told and the version must be of the same instant. */
    count: () => number;
    /** The version of the watch of pods. */
    version: () => string;
    onUnheard: (message: string) => void;
  }) {
    this.#send = options.send;
    this.#count = options.count;
    this.#version = options.version;
    this.#onUnheard = options.onUnheard;
  }

  /** So many wait now. The first is told at once. */
  set(waiting: number): void {
    if (waiting === this.#waiting) return;
    this.#waiting = waiting;
    this.#schedule();
  }

  /** Tells no more. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = 0;
    this.#told = 0;
  }

  #schedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isSending) return;
    const isNews = this.#waiting !== this.#told;
    // That nobody waits any more need not be told once the last report has run out by itself.
    const hasRunOut = performance.now() > this.#countsUntilMs;
    if (this.#waiting === 0 && (!isNews || hasRunOut)) return;
    const pauseMs = Math.max(this.#retryMs, isNews ? coalesceMs : refreshMs);
    const dueInMs = Math.max(0, this.#lastSentAtMs + pauseMs - performance.now());
    this.#timer = setTimeout(() => void this.#tell(), dueInMs);
  }

  async #tell(): Promise<void> {
    this.#timer = null;
    this.#isSending = true;
    this.#lastSentAtMs = performance.now();
    const waiting = this.#count();
    this.#waiting = waiting;
    if (waiting > 0) this.#countsUntilMs = this.#lastSentAtMs + reportLastsMs;
    try {
      await this.#send({
        waiting,
        version: this.#version(),
        expiresAtMs: Date.now() + reportLastsMs,
      });
      this.#told = waiting;
      this.#retryMs = 0;
    } catch (error) {
      this.#told = null;
      this.#retryMs = Math.min(longestRetryMs, Math.max(firstRetryMs, this.#retryMs * 2));
      this.#onUnheard(error instanceof Error ? error.message : String(error));
    }
    this.#isSending = false;
    this.#schedule();
  }
}
