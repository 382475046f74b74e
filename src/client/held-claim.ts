/**
 * A claim as its holder has it.
 *
 * States: held → (renewed at each third of the lease) → held; held → lost, when the API says so or
 * the lease ends before a renewal reaches it; held or lost → released.
 *
 * H1. `signal` aborts once, and only when the claim is lost; never because of a release.
 * H2. The end of the lease is counted from before the renewal was sent, so that the holder stops
 *     before the pool does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClaimLostError } from './pilotlight-error.ts';
import type { ClaimAnswer } from './wire/claims.ts';

/** A renewal after a third of the lease leaves two thirds for tries when it fails. */
const renewalRatio = 1 / 3;

/** Holders that claimed together do not renew together. */
const jitterRatio = 0.1;

/** Pause after a renewal that failed: a twentieth of what is left of the lease, within these. */
const shortestRetryMs = 50;
const longestRetryMs = 5_000;

/** Tries of one renewal; the next one begins them anew. */
const longestRenewalMs = 30_000;

/** Without a lease nothing is renewed; whether the pod is still there is asked once a minute. */
const checkEveryMs = 60_000;

/** What a held claim asks of its client. */
export interface Holding {
  /** Renews, or (without a lease) looks, with tries for at most `deadlineMs`; raises what it met. */
  renew(options: {
    deadlineMs: number;
    signal: AbortSignal;
  }): Promise<{ lease: ClaimAnswer['lease'] }>;
  release(reason: string | undefined): Promise<void>;
}

/** A pod of ours until it is released or lost. Renews itself; `await using` releases it. */
export class HeldClaim implements AsyncDisposable {
  readonly claimId: string;
  readonly pool: string;
  /** The pod was warm when the claim came. */
  readonly hit: boolean;
  /** Time in line. */
  readonly waitedMs: number;
  readonly pod: ClaimAnswer['pod'];
  /** Resolves when the claim is lost; else never. */
  readonly lost: Promise<ClaimLostError>;
  #lease: ClaimAnswer['lease'];
  readonly #holding: Holding;
  readonly #loss = new AbortController();
  readonly #end = new AbortController();
  #released: Promise<void> | null = null;

  constructor(options: {
    answer: ClaimAnswer;
    /** When the lease surely still holds until, by `performance.now()`; Infinity without a lease. */
    leaseEndsAtMs: number;
    /** Whether it renews itself. */
    renews: boolean;
    holding: Holding;
  }) {
    const { answer, leaseEndsAtMs, renews, holding } = options;
    this.claimId = answer.claimId;
    this.pool = answer.pool;
    this.hit = answer.hit;
    this.waitedMs = answer.waitedMs;
    this.pod = answer.pod;
    this.#lease = answer.lease;
    this.#holding = holding;
    const { signal } = this.#loss;
    this.lost = new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(signal.reason as ClaimLostError));
    });
    if (renews) void this.#keep(leaseEndsAtMs);
  }

  /** The lease as it was last granted; null without one. */
  get lease(): ClaimAnswer['lease'] {
    return this.#lease;
  }

  /** Aborts, with a `ClaimLostError`, when the claim is lost: hand it to the work on the pod. */
  get signal(): AbortSignal {
    return this.#loss.signal;
  }

  /**
   * Ends the claim; its pod is deleted. Repeating it waits for the same release. Raises
   * `PilotlightError` when the API could not be reached: the lease ends the claim then.
   */
  release(options: { reason?: string } = {}): Promise<void> {
    this.#end.abort();
    this.#released ??= this.#holding.release(options.reason);
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** Renews until the claim ends. Never rejects. */
  async #keep(leaseEndsAtMs: number): Promise<void> {
    const { signal } = this.#end;
    let endsAtMs = leaseEndsAtMs;
    let hasFailed = false;
    while (!isAborted(signal)) {
      const leftMs = endsAtMs - performance.now();
      if (leftMs <= 0) {
        this.#lose(expired(this.claimId));
        return;
      }
      await pause(Math.min(leftMs, pauseOf(leftMs, hasFailed)), signal);
      const sentAtMs = performance.now();
      const deadlineMs = Math.min(longestRenewalMs, endsAtMs - sentAtMs);
      if (isAborted(signal) || deadlineMs <= 0) continue;
      try {
        const { lease } = await this.#holding.renew({ deadlineMs, signal });
        this.#lease = lease;
        endsAtMs = lease === null ? Infinity : sentAtMs + lease.seconds * 1000;
        hasFailed = false;
      } catch (error) {
        if (error instanceof ClaimLostError) {
          this.#lose(error);
          return;
        }
        // Whatever else it is may pass; the end of the lease ends the tries.
        hasFailed = true;
      }
    }
  }

  #lose(error: ClaimLostError): void {
    if (!this.#end.signal.aborted) this.#loss.abort(error);
  }
}

function pauseOf(leftMs: number, hasFailed: boolean): number {
  if (leftMs === Infinity) return checkEveryMs;
  if (hasFailed) return Math.min(longestRetryMs, Math.max(shortestRetryMs, leftMs / 20));
  return leftMs * renewalRatio * (1 - jitterRatio * Math.random());
}

/** A pause that does not keep the process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

/** Asked through a call, because the compiler takes `aborted` for unchanged since the loop began. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function expired(claimId: string): ClaimLostError {
  const message = `The lease of claim ${claimId} ended before it could be renewed; claim anew`;
  return new ClaimLostError('claimLost', message);
}
