/** Claims: a warm pod for a caller, in one conditional write, by any replica, without Temporal. */
import type { CardCache } from '../kubernetes/card-cache.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import type { PodCache } from '../kubernetes/pod-cache.ts';
import type {
  Claim,
  ClaimRequest,
  ClaimState,
  DemandReport,
  PoolSummary,
  ReleasedClaim,
} from './claim.ts';
import { ClaimError } from './claim-error.ts';
import type { ClaimEvent } from './claim-event.ts';
import type { ClaimLimits } from './claim-limits.ts';

/** What claims need of their process. */
export interface ClaimsDependencies {
  connection: ClusterConnection;
  namespace: string;
  /** The process's one watch of pods. */
  cache: PodCache;
  /** The process's one watch of pool cards. */
  cards: CardCache;
  limits: ClaimLimits;
  /** Tells the pool how many wait. May reject; then it is sent again. */
  reportDemand: (pool: string, demand: DemandReport) => Promise<void>;
  /** Hears what happens, to count it; must not throw. */
  onEvent?: (event: ClaimEvent) => void;
}

/** The claims of one process. All its promises reject with `ClaimError` only. */
export class Claims {
  readonly #dependencies: ClaimsDependencies;

  constructor(dependencies: ClaimsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Takes a warm pod, or waits in line for one. `signal`: the caller went away. */
  claim(request: ClaimRequest, signal?: AbortSignal): Promise<Claim> {
    return Promise.reject(this.#notYet(`${request.pool} ${String(signal?.aborted)}`));
  }

  /** The claim as its pod shows it. */
  get(claimId: string): Promise<ClaimState> {
    return Promise.reject(this.#notYet(claimId));
  }

  /** Moves the end of the lease to `leaseSeconds` from now, unless it is later already. */
  renew(claimId: string, leaseSeconds?: number): Promise<Claim> {
    return Promise.reject(this.#notYet(`${claimId} ${String(leaseSeconds)}`));
  }

  /** Ends the claim and deletes its pod; repeating it is a no-op. */
  release(claimId: string, options: { reason?: string } = {}): Promise<ReleasedClaim> {
    return Promise.reject(this.#notYet(`${claimId} ${String(options.reason)}`));
  }

  /** The claims that pods show, of all pools or one. */
  list(options: { pool?: string } = {}): ClaimState[] {
    throw this.#notYet(String(options.pool));
  }

  /** All pools that have a card. */
  poolSummaries(): PoolSummary[] {
    return this.#dependencies.cards.list().flatMap(({ pool }) => this.poolSummary(pool) ?? []);
  }

  /** A pool's card with the counts of its pods; null without a card. */
  poolSummary(pool: string): PoolSummary | null {
    const card = this.#dependencies.cards.get(pool);
    if (card === undefined) return null;
    const counts = { warm: 0, pending: 0, claimed: 0, terminating: 0, stale: 0 };
    return { ...card, ...counts, waiting: 0 };
  }

  /**
   * Tells those in line to try elsewhere and finishes what is under way; resolves when nothing is
   * left, after 15 s at the latest.
   */
  stop(): Promise<void> {
    return Promise.resolve();
  }

  #notYet(what: string): ClaimError {
    return new ClaimError('clusterUnavailable', `Claims are being built: ${what}`);
  }
}
