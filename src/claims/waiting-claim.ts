/** One claim on its way in this process, and the callers who wait for its answer. */
import type { Span } from '../tracing/span.ts';
import type { Claim, ClaimRequest } from './claim.ts';
import { ClaimError } from './claim-error.ts';
import type { Knowledge } from './claim-steps.ts';

interface Caller {
  /** Its time is over: it stays only while the claim is being tried. */
  isDue: boolean;
  leave: (answer: { claim: Claim } | { error: ClaimError }) => void;
}

/**
 * States: `new` until it first enters the line; `trying` while an attempt is under way; `parked`
 * while it stands in line for a pod; `ended` once its callers are answered.
 */
export class WaitingClaim {
  state: 'new' | 'trying' | 'parked' | 'ended' = 'new';
  known: Knowledge;
  readonly request: ClaimRequest;
  /** In seconds; null for a claim without an end. */
  readonly leaseSeconds: number | null;
  /** What its order of candidates depends on. */
  readonly key: string;
  /** Of the caller who came first: what is done for the claim is told there. */
  readonly span: Span;
  /** Its place among the claims of its pool. */
  place = 0;
  readonly startedAtMs = performance.now();
  /** When it was first parked; null for one that never was: a hit. */
  parkedAtMs: number | null = null;
  /** It was released before it had a pod: it goes back to no line. */
  isWithdrawn = false;
  readonly #ended = Promise.withResolvers<undefined>();
  readonly #callers = new Set<Caller>();
  readonly #miss: () => ClaimError;
  readonly #onForsaken: () => void;

  constructor(options: {
    known: Knowledge;
    request: ClaimRequest;
    leaseSeconds: number | null;
    key: string;
    span: Span;
    /** The error for a caller whose time is over. */
    miss: () => ClaimError;
    /** The last caller has left before the end. */
    onForsaken: () => void;
  }) {
    this.known = options.known;
    this.request = options.request;
    this.leaseSeconds = options.leaseSeconds;
    this.key = options.key;
    this.span = options.span;
    this.#miss = options.miss;
    this.#onForsaken = options.onForsaken;
  }

  get hasCallers(): boolean {
    return this.#callers.size > 0;
  }

  /** Time in line so far. */
  get waitedMs(): number {
    return this.parkedAtMs === null ? 0 : Math.round(performance.now() - this.parkedAtMs);
  }

  /** Waits for the answer, at most `waitSeconds` in line; `signal`: the caller went away. */
  join(waitSeconds: number, signal: AbortSignal | undefined): Promise<Claim> {
    return new Promise((resolve, reject) => {
      const goneAway = (): void => {
        caller.leave({ error: new ClaimError('claimEnded', 'The caller went away') });
        this.#lookForsaken();
      };
      const dueInMs = waitSeconds * 1000;
      const timer = dueInMs > 0 ? setTimeout(() => this.#due(caller), dueInMs) : undefined;
      const caller: Caller = {
        isDue: dueInMs <= 0,
        leave: (answer) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', goneAway);
          this.#callers.delete(caller);
          if ('claim' in answer) resolve(answer.claim);
          else reject(answer.error);
        },
      };
      this.#callers.add(caller);
      signal?.addEventListener('abort', goneAway);
      if (this.state === 'parked') this.dismissDue();
    });
  }

  /** Tells the callers whose time is over that they get no pod. */
  dismissDue(): void {
    for (const caller of this.#callers) {
      if (caller.isDue) caller.leave({ error: this.#miss() });
    }
    this.#lookForsaken();
  }

  /** Resolves at the end. */
  get ended(): Promise<undefined> {
    return this.#ended.promise;
  }

  /** Ends without an answer. */
  forget(): void {
    this.state = 'ended';
    this.#ended.resolve(undefined);
  }

  /** Ends and answers every caller. */
  end(answer: { claim: Claim } | { error: ClaimError }): void {
    this.forget();
    for (const caller of this.#callers) caller.leave(answer);
  }

  #due(caller: Caller): void {
    caller.isDue = true;
    if (this.state === 'parked') this.dismissDue();
  }

  #lookForsaken(): void {
    if (!this.hasCallers && this.state !== 'ended') this.#onForsaken();
  }
}
