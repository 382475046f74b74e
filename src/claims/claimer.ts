/**
 * Takes claims in, lets them stand in line, and answers them. One claim of a claimId is on its way in
 * a process at a time: whoever repeats it joins it.
 */
import { randomUUID } from 'node:crypto';
import type { KnownPod } from '../kubernetes/known-pod.ts';
import type { PodCacheChange } from '../kubernetes/pod-cache.ts';
import { noSpan, type Span } from '../tracing/span.ts';
import { Admission } from './admission.ts';
import { Candidates, isWarm } from './candidates.ts';
import { carryOut, type AttemptResult } from './carry-out.ts';
import type { Claim, ClaimRequest } from './claim.ts';
import { ClaimError } from './claim-error.ts';
import {
  attemptError,
  closedPoolError,
  idInUseError,
  missError,
  shuttingDownError,
  unavailableError,
  withdrawnError,
} from './claim-failures.ts';
import { claimHashOf } from './claim-hash.ts';
import { claimMarkOf } from './claim-mark.ts';
import { newAttempt } from './claim-steps.ts';
import { toClaim } from './claim-views.ts';
import type { ClaimerDependencies } from './claimer-dependencies.ts';
import { PoolLine } from './pool-line.ts';
import { traceClaim } from './trace-claim.ts';
import { WaitingClaim } from './waiting-claim.ts';
import { whatToTry } from './what-to-try.ts';

/** Who waits for the answer of a claim. */
export interface ClaimCaller {
  /** Aborts when the caller went away. */
  signal?: AbortSignal;
  /** What the claim is a part of, in the caller's trace. */
  span?: Span;
}

/** The claims that are on their way in this process. */
export class Claimer {
  readonly #dependencies: ClaimerDependencies;
  readonly #admission: Admission;
  readonly #candidates: Candidates;
  readonly #lines = new Map<string, PoolLine>();
  readonly #claims = new Set<WaitingClaim>();
  readonly #byClaimId = new Map<string, WaitingClaim>();
  #isStopping = false;
  #onEmpty: (() => void) | null = null;

  constructor(dependencies: ClaimerDependencies) {
    this.#dependencies = dependencies;
    const { cards, limits, access } = dependencies;
    this.#admission = new Admission({ cards, cache: access.cache, limits });
    this.#candidates = new Candidates(access.cache, dependencies.isCordoned);
  }

  /** Rejects with `ClaimError`. */
  async claim(request: ClaimRequest, caller: ClaimCaller): Promise<Claim> {
    const { signal, span = noSpan } = caller;
    const isPool = this.#dependencies.cards.get(request.pool) !== undefined;
    try {
      return await traceClaim({
        span,
        pool: isPool ? request.pool : null,
        work: (own) =>
          this.#enter(request, { signal, span: own }).join(request.waitSeconds, signal),
      });
    } catch (error) {
      if (error instanceof ClaimError) this.#countFailure(request.pool, error);
      throw error;
    }
  }

  /** Claims that wait for a pool. */
  waitingFor(pool: string): number {
    return this.#lines.get(pool)?.waiting ?? 0;
  }

  /** Claims that waited for a pool when the cluster was at the version of the watch. */
  demandFor(pool: string): number {
    return this.#lines.get(pool)?.demandAt(this.#dependencies.access.cache.version) ?? 0;
  }

  /** Takes up what the watch says. */
  noteChange(change: PodCacheChange): void {
    if (change.kind === 'listed') {
      for (const line of this.#lines.values()) line.serve();
    } else if (change.kind === 'gone') {
      this.#candidates.forget(change.uid);
    } else if (isWarm(change)) {
      this.#lines.get(change.pool)?.serve();
    } else if (change.facts.claimId !== null) {
      // A claim that waits here was served by another replica.
      const claim = this.#byClaimId.get(change.facts.claimId);
      if (claim?.state === 'parked') this.#lines.get(claim.request.pool)?.letLook(claim);
    }
  }

  /** Sends away those who wait for a pool that accepts no claims any more. */
  noteCard(pool: string): void {
    const card = this.#dependencies.cards.get(pool);
    if (card?.acceptsClaims === true) return;
    for (const claim of this.#lines.get(pool)?.parked() ?? []) {
      this.#end(claim, { error: closedPoolError(pool, card) });
    }
    if (card === undefined && this.#lines.get(pool)?.size === 0) this.#lines.delete(pool);
  }

  /**
   * Takes back a claim that is on its way here: out of the line, or, while it is being tried, by
   * waiting until it is known whether it has a pod. Returns the pool of a claim that was taken back.
   */
  async withdraw(claimId: string): Promise<string | null> {
    const claim = this.#byClaimId.get(claimId);
    if (claim === undefined) return null;
    claim.isWithdrawn = true;
    if (claim.state === 'parked') this.#end(claim, { error: withdrawnError(claimId) });
    else await claim.ended;
    return claim.request.pool;
  }

  /** Sends away those in line, and finishes what is under way; resolves when nothing is left. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const line of this.#lines.values()) {
      for (const claim of line.parked()) this.#end(claim, { error: shuttingDownError() });
    }
    if (this.#claims.size === 0) return;
    await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  #enter(
    request: ClaimRequest,
    { signal, span }: { signal: AbortSignal | undefined; span: Span },
  ): WaitingClaim {
    const { access } = this.#dependencies;
    const { pool, claimId } = request;
    if (this.#isStopping) throw shuttingDownError();
    const leaseSeconds = this.#admission.admit(request);
    if (signal?.aborted === true) throw new ClaimError('claimEnded', 'The caller went away');
    const onItsWay = claimId === undefined ? undefined : this.#byClaimId.get(claimId);
    if (onItsWay !== undefined) {
      if (onItsWay.request.pool !== pool) throw idInUseError(claimId ?? '', onItsWay.request.pool);
      return onItsWay;
    }
    this.#admission.checkRoom({ pool, inLine: this.#line(pool).size, inAll: this.#claims.size });
    const isNamed = claimId !== undefined;
    const key = claimId ?? randomUUID();
    const claim: WaitingClaim = new WaitingClaim({
      known: newAttempt({ claimId: key, pool, isNamed }),
      request,
      leaseSeconds,
      key,
      span,
      miss: () => {
        const retryAfterSeconds = this.#admission.estimate(pool, this.#line(pool).inFrontOf(claim));
        return missError({ pool, retryAfterSeconds, waitedMs: claim.waitedMs });
      },
      onForsaken: () => {
        if (claim.state === 'parked') this.#forget(claim);
      },
    });
    this.#claims.add(claim);
    if (isNamed) this.#byClaimId.set(claimId, claim);
    const isKnown = isNamed && [...access.cache.ofClaim(claimHashOf(claimId))].length > 0;
    // The caller must have joined before the claim can end: a claim without waitSeconds may at once.
    queueMicrotask(() => {
      if (this.#isStopping) this.#end(claim, { error: shuttingDownError() });
      else if (claim.isWithdrawn) this.#end(claim, { error: withdrawnError(key) });
      else this.#line(pool).enter(claim, isKnown);
    });
    return claim;
  }

  #line(pool: string): PoolLine {
    const known = this.#lines.get(pool);
    if (known !== undefined) return known;
    const line: PoolLine = new PoolLine({
      take: ({ key }) => {
        const templateHash = this.#dependencies.cards.get(pool)?.templateHash ?? '';
        return this.#candidates.take({ pool, key, templateHash });
      },
      isTaken: (pod) => this.#candidates.isTaken(pod),
      tryOut: (claim, candidate) => void this.#tryOut(claim, candidate),
      onChange: () => this.#dependencies.onWaiting(pool, line.waiting),
    });
    this.#lines.set(pool, line);
    return line;
  }

  /** One attempt. Never rejects. */
  async #tryOut(claim: WaitingClaim, candidate: KnownPod | null): Promise<void> {
    const { access } = this.#dependencies;
    const { request, leaseSeconds, span } = claim;
    try {
      const result = await carryOut({
        access,
        span,
        known: whatToTry(claim.known, candidate),
        mark: (claimId) => {
          const nowMs = access.connection.serverNowMs();
          return claimMarkOf({ request, claimId, leaseSeconds, nowMs });
        },
      });
      this.#settle(claim, candidate, result);
    } catch (error) {
      const message = `The claim could not be carried out: ${String(error)}`;
      this.#end(claim, { error: new ClaimError('clusterUnavailable', message, { cause: error }) });
    } finally {
      if (candidate !== null) {
        this.#candidates.giveBack(candidate.view.uid);
        this.#line(claim.request.pool).serve();
      }
    }
  }

  #settle(claim: WaitingClaim, candidate: KnownPod | null, { end, known }: AttemptResult): void {
    const { onOrphan, lostError } = this.#dependencies;
    claim.known = { ...known, candidate: null };
    const isUnsure = !known.isNamed && known.isUncertain && end.kind !== 'claimed';
    if (isUnsure) onOrphan(known.claimId);
    switch (end.kind) {
      case 'claimed':
        this.#succeed(claim, known.claimId, end.pod);
        return;
      case 'needsCandidate':
        this.#giveUpOn(claim, candidate);
        return;
      case 'lost':
        this.#end(claim, { error: lostError(known.claimId, end.pod) });
        return;
      case 'failed':
        this.#admission.noteFailure(end.error);
        this.#end(claim, { error: unavailableError(end.error) });
        return;
      case 'inUse':
      case 'foreignRecord':
      case 'refused':
      case 'outpaced':
        this.#end(claim, { error: attemptError(known.claimId, end) });
    }
  }

  /** The claim goes back to its place. Its candidate, if it had one, was not to be had. */
  #giveUpOn(claim: WaitingClaim, candidate: KnownPod | null): void {
    const { pool } = claim.request;
    if (candidate !== null) {
      this.#candidates.passOver(candidate);
      this.#dependencies.onEvent({ kind: 'raceLost', pool });
      claim.span.note('race lost');
    }
    if (!claim.hasCallers) this.#forget(claim);
    else if (claim.isWithdrawn) this.#end(claim, { error: withdrawnError(claim.key) });
    else if (this.#isStopping) this.#end(claim, { error: shuttingDownError() });
    else this.#line(pool).park(claim);
  }

  #succeed(claim: WaitingClaim, claimId: string, pod: KnownPod): void {
    const { access, onEvent, discard } = this.#dependencies;
    const { pool } = claim.request;
    const hit = claim.parkedAtMs === null;
    const { waitedMs, hasCallers } = claim;
    if (!hit) this.#line(pool).noteServed(pod.view.version);
    if (hasCallers) {
      const elapsedMs = Math.round(performance.now() - claim.startedAtMs);
      onEvent({ kind: 'claimed', pool, hit, elapsedMs, waitedMs });
    } else if (!claim.known.isNamed) {
      // Nobody knows its name, so nobody can ever release it.
      discard(claimId, pod);
    }
    this.#end(claim, { claim: { ...toClaim(claimId, access.namespace, pod), hit, waitedMs } });
  }

  #end(claim: WaitingClaim, answer: { claim: Claim } | { error: ClaimError }): void {
    this.#forget(claim);
    claim.end(answer);
  }

  #forget(claim: WaitingClaim): void {
    claim.forget();
    this.#claims.delete(claim);
    const { claimId, pool } = claim.request;
    if (claimId !== undefined) this.#byClaimId.delete(claimId);
    this.#line(pool).leave(claim);
    if (this.#claims.size === 0) this.#onEmpty?.();
  }

  #countFailure(pool: string, { code, details }: ClaimError): void {
    const { onEvent, cards } = this.#dependencies;
    // A name that is no pool's would make a metric of every misspelling.
    if (cards.get(pool) === undefined) return;
    if (code === 'poolMiss')
      onEvent({ kind: 'missed', pool, waitedMs: Number(details['waitedMs']) });
    else onEvent({ kind: 'failed', pool, code });
  }
}
