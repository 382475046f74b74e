/**
 * The API server's clock, learnt from the Date headers of its answers, so that leases begin and end
 * by one clock, whatever those of our own machines say.
 *
 * A Date header has whole seconds and is as old as its answer's way, so each answer only says that
 * the server's clock is at least so much ahead of ours. The largest of these bounds is kept: never
 * late of the truth by more than the header's rounding once a few answers came, and never ahead of
 * it, so that no lease is taken to be over early.
 */
export class ServerClock {
  readonly #monotonicMs: () => number;
  #current: Window;
  #previous: Window | null = null;

  /** `monotonicMs` must not jump; it is an argument for tests. */
  constructor(monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
    this.#current = { sinceMs: monotonicMs(), aheadMs: null };
  }

  /** Takes in the Date header of an answer that has just come; one that is no date is passed over. */
  learn(dateHeader: string | undefined): void {
    const dateMs = Date.parse(dateHeader ?? '');
    if (Number.isNaN(dateMs)) return;
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#current.sinceMs > windowMs) {
      this.#previous = this.#current;
      this.#current = { sinceMs: nowMs, aheadMs: null };
    }
    this.#current.aheadMs = Math.max(this.#current.aheadMs ?? -Infinity, dateMs - nowMs);
  }

  /** Milliseconds since 1970 by the API server's clock; by our own until it has answered once. */
  nowMs(): number {
    const bounds = [this.#current.aheadMs, this.#previous?.aheadMs ?? null];
    const known = bounds.filter((bound) => bound !== null);
    if (known.length === 0) return Date.now();
    return this.#monotonicMs() + Math.max(...known);
  }
}

/** A server's clock that was set back is followed after two windows at most. */
const windowMs = 60_000;

interface Window {
  sinceMs: number;
  /** How far the server's clock is ahead of our monotonic one, at least; null before an answer. */
  aheadMs: number | null;
}
