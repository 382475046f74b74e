/**
 * Claims: a warm pod for a caller, in one conditional write, by any replica, without Temporal.
 *
 * P2. At any moment a claimId has at most one pod; a pod has at most one claimId in its life.
 * P3. A claimed pod is deleted only by its release, or by the pool when its lease is over.
 * P7. No claim waits for a workflow.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { CardCache } from '../kubernetes/card-cache.ts';
import { claimCallDeadlineMs } from '../kubernetes/claim-pod.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import type { KnownPod } from '../kubernetes/known-pod.ts';
import { toKubernetesError } from '../kubernetes/kubernetes-error.ts';
import type { PodCache, PodCacheChange } from '../kubernetes/pod-cache.ts';
import type { ClusterAccess } from './carry-out.ts';
import { checkLeaseSeconds, checkReason } from './check-request.ts';
import type {
  Claim,
  ClaimRequest,
  ClaimState,
  DemandReport,
  PoolSummary,
  ReleasedClaim,
} from './claim.ts';
import { Claimer, type ClaimCaller } from './claimer.ts';
import { ClaimError } from './claim-error.ts';
import type { ClaimEvent } from './claim-event.ts';
import { unavailableError } from './claim-failures.ts';
import type { ClaimLimits } from './claim-limits.ts';
import { whyLost } from './claim-views.ts';
import { DemandReporter } from './demand-reporter.ts';
import { EndedClaims } from './ended-claims.ts';
import { HeldClaims } from './held-claims.ts';
import { countPods } from './pool-counts.ts';

/** An attempt ends with its second call without an answer, after 4 s each; the server stops later. */
export const claimsStopDeadlineMs = 2 * claimCallDeadlineMs + 1_000;

/** A request that the API server took before its sender gave up is carried out within a minute. */
const orphanedForMs = 120_000;
const maxOrphans = 1_000;

/** What claims need of their process. */
export interface ClaimsDependencies {
  connection: ClusterConnection;
  namespace: string;
  /** The process's one watch of pods. */
  cache: PodCache;
  /** The process's one watch of pool cards. */
  cards: CardCache;
  limits: ClaimLimits;
  /** Whether a node is about to go: its pods are handed out last. No node is, unless given. */
  isCordoned?: (node: string | undefined) => boolean;
  /** Tells the pool how many wait. May reject; then it is sent again. */
  reportDemand: (pool: string, demand: DemandReport) => Promise<void>;
  /** Hears what happens, to count it; must not throw. */
  onEvent?: (event: ClaimEvent) => void;
}

/** The claims of one process. All its promises reject with `ClaimError` only. */
export class Claims {
  readonly #dependencies: ClaimsDependencies;
  readonly #onEvent: (event: ClaimEvent) => void;
  readonly #claimer: Claimer;
  readonly #held: HeldClaims;
  readonly #ended = new EndedClaims();
  readonly #reporters = new Map<string, DemandReporter>();
  /** ClaimIds without a caller that may yet appear on a pod. */
  readonly #orphans = new LRUCache<string, true>({ max: maxOrphans, ttl: orphanedForMs });
  readonly #unsubscribe: (() => void)[];

  constructor(dependencies: ClaimsDependencies) {
    const { connection, namespace, cache, cards, limits, onEvent } = dependencies;
    const access: ClusterAccess = { connection, namespace, cache };
    this.#dependencies = dependencies;
    this.#onEvent = onEvent ?? (() => undefined);
    this.#held = new HeldClaims({ access, cards, ended: this.#ended, onEvent: this.#onEvent });
    this.#claimer = new Claimer({
      access,
      cards,
      limits,
      isCordoned: dependencies.isCordoned ?? (() => false),
      onEvent: this.#onEvent,
      onWaiting: (pool, waiting) => this.#reporter(pool).set(waiting),
      discard: (claimId, pod) => void this.#discard(claimId, pod),
      onOrphan: (claimId) => this.#orphans.set(claimId, true),
      lostError: (claimId, pod) => this.#held.lostError(claimId, pod),
    });
    this.#unsubscribe = [
      cache.subscribe((change) => this.#noteChange(change)),
      cards.subscribe((pool) => this.#noteCard(pool)),
    ];
  }

  /**
   * Takes a warm pod, or waits in line for one. What a caller that goes away would have got is
   * released if it has no claimId, and kept for who repeats the claimId otherwise.
   */
  claim(request: ClaimRequest, caller: ClaimCaller = {}): Promise<Claim> {
    return this.#claimer.claim(request, caller);
  }

  /** The claim as its pod shows it. Raises `claimNotFound`, and how it ended if it has. */
  get(claimId: string): Promise<ClaimState> {
    return asClaimError(() => this.#held.get(claimId));
  }

  /**
   * Moves the end of the lease to `leaseSeconds` from now, unless it is later already; the claim's
   * own length unless given. A claim without an end stays as it is.
   */
  renew(claimId: string, leaseSeconds?: number): Promise<Claim> {
    return asClaimError(() => {
      if (leaseSeconds !== undefined) checkLeaseSeconds(leaseSeconds);
      return this.#held.renew(claimId, leaseSeconds);
    });
  }

  /**
   * Ends the claim and deletes its pod; repeating it is a no-op. A claim that stands in line is
   * withdrawn. Raises `claimNotFound` for a claimId that nobody knows.
   */
  release(claimId: string, options: { reason?: string } = {}): Promise<ReleasedClaim> {
    return asClaimError(async () => {
      const { reason = null } = options;
      if (reason !== null) checkReason(reason);
      const withdrawnFrom = await this.#claimer.withdraw(claimId);
      try {
        return await this.#held.release(claimId, reason);
      } catch (error) {
        const hadNoPod = error instanceof ClaimError && error.code === 'claimNotFound';
        if (withdrawnFrom === null || !hadNoPod) throw error;
        return { claimId, pool: withdrawnFrom, reason, hadEnded: false };
      }
    });
  }

  /** The claims that pods show, of all pools or one. */
  list(options: { pool?: string } = {}): ClaimState[] {
    const { pool } = options;
    return this.#held.list(pool === undefined ? this.#dependencies.cache.pools() : [pool]);
  }

  /** All pools that have a card. */
  poolSummaries(): PoolSummary[] {
    return this.#dependencies.cards.list().flatMap(({ pool }) => this.poolSummary(pool) ?? []);
  }

  /** A pool's card with the counts of its pods; null without a card. */
  poolSummary(pool: string): PoolSummary | null {
    const { cards, cache } = this.#dependencies;
    const card = cards.get(pool);
    if (card === undefined) return null;
    const counts = countPods(cache.ofPool(pool), card.templateHash);
    return { ...card, ...counts, waiting: this.#claimer.waitingFor(pool) };
  }

  /**
   * Tells those in line to try elsewhere and finishes what is under way; resolves when nothing is
   * left, after 9 s at the latest. Reports of demand run out by themselves.
   */
  async stop(): Promise<void> {
    const deadline = new AbortController();
    await Promise.race([
      this.#claimer.stop(),
      sleep(claimsStopDeadlineMs, undefined, { signal: deadline.signal }).catch(() => undefined),
    ]);
    deadline.abort();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const reporter of this.#reporters.values()) reporter.stop();
  }

  #noteChange(change: PodCacheChange): void {
    this.#claimer.noteChange(change);
    const pod = change.kind === 'changed' ? change : change.kind === 'gone' ? change.last : null;
    const claimId = pod?.facts.claimId ?? null;
    if (pod === null || claimId === null || !pod.view.claimed) return;
    if (change.kind === 'gone') this.#noteEnd(claimId, pod);
    else if (this.#orphans.has(claimId) && !pod.view.terminating) void this.#discard(claimId, pod);
  }

  /** A claimed pod is gone: who asks for its claim is told how it ended. */
  #noteEnd(claimId: string, pod: KnownPod): void {
    const { pool, view, facts } = pod;
    if (this.#ended.get(claimId)?.podUid === view.uid) return;
    const nowMs = this.#dependencies.connection.serverNowMs();
    const gone = { reason: 'Gone', message: `Pod ${view.name} is gone` };
    const { reason, message } = whyLost(pod, nowMs) ?? gone;
    const how = facts.releaseReason === null ? 'lost' : 'released';
    this.#ended.add({ claimId, pool, podUid: view.uid, how, reason, message });
    // A pod deleted in health was released by another replica, or by a person: nothing failed.
    const isDeleted = reason === 'Deleted' && view.disrupted !== true;
    if (how === 'lost' && !isDeleted) this.#onEvent({ kind: 'lost', pool, reason });
  }

  #noteCard(pool: string): void {
    this.#claimer.noteCard(pool);
    if (this.#dependencies.cards.get(pool) !== undefined) return;
    this.#reporters.get(pool)?.stop();
    this.#reporters.delete(pool);
  }

  /** Releases a pod that nobody will ever ask for. If that fails its lease ends it. */
  async #discard(claimId: string, pod: KnownPod): Promise<void> {
    this.#orphans.delete(claimId);
    try {
      await this.#held.end(claimId, pod, null);
    } catch (error) {
      const { message } = toKubernetesError(error);
      this.#onEvent({ kind: 'notDiscarded', pool: pod.pool, message });
    }
  }

  #reporter(pool: string): DemandReporter {
    const known = this.#reporters.get(pool);
    if (known !== undefined) return known;
    const { cache, reportDemand } = this.#dependencies;
    const reporter = new DemandReporter({
      send: (demand) => reportDemand(pool, demand),
      count: () => this.#claimer.demandFor(pool),
      version: () => cache.version,
      onUnheard: (message) => this.#onEvent({ kind: 'demandUnheard', pool, message }),
    });
    this.#reporters.set(pool, reporter);
    return reporter;
  }
}

async function asClaimError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ClaimError ? error : unavailableError(toKubernetesError(error));
  }
}
