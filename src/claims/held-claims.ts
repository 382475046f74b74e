/** Claims that hold a pod: asking for them, renewing and releasing them. Their pods are the truth. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CardCache } from '../kubernetes/card-cache.ts';
import {
  deleteClaimPod,
  listClaimPods,
  patchLease,
  patchReleaseReason,
  readClaimPod,
} from '../kubernetes/claim-pod.ts';
import type { KnownPod } from '../kubernetes/known-pod.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import type { ClusterAccess } from './carry-out.ts';
import type { Claim, ClaimState, ReleasedClaim } from './claim.ts';
import { ClaimError } from './claim-error.ts';
import type { ClaimEvent } from './claim-event.ts';
import { claimHashOf } from './claim-hash.ts';
import { isClaimedBy, toClaim, toClaimState, whyLost } from './claim-views.ts';
import type { EndedClaim, EndedClaims } from './ended-claims.ts';
import { leaseTerms } from './lease-terms.ts';

/** Rounds of patch and read: each is lost only to another renewal of that very claim in between. */
const maxRenewRounds = 5;

/** A delete that got no answer is repeated, which its uid makes harmless. */
const maxDeleteRounds = 3;
const deletePauseMs = 200;

/** Time for one delete; those in front of it in the lane count. */
const deleteDeadlineMs = 6_000;

export interface HeldClaimsDependencies {
  access: ClusterAccess;
  cards: CardCache;
  ended: EndedClaims;
  onEvent: (event: ClaimEvent) => void;
}

/** Works on the pods of claims. Rejects with `ClaimError`, or with what Kubernetes raised. */
export class HeldClaims {
  readonly #dependencies: HeldClaimsDependencies;

  constructor(dependencies: HeldClaimsDependencies) {
    this.#dependencies = dependencies;
  }

  /** The claim as its pod shows it. */
  async get(claimId: string): Promise<ClaimState> {
    const pod = await this.#find(claimId);
    const ended = this.#endOf(claimId, pod);
    if (ended?.how === 'released') throw endedError(ended);
    if (pod !== null) return this.#toState(claimId, pod);
    throw ended === null ? notFoundError(claimId) : endedError(ended);
  }

  /** The claims that the cache shows, those released here left out. */
  list(pools: Iterable<string>): ClaimState[] {
    const { cache } = this.#dependencies.access;
    return [...pools].flatMap((pool) =>
      [...cache.ofPool(pool)].flatMap((pod) => {
        const { claimId } = pod.facts;
        if (claimId === null || !pod.view.claimed) return [];
        return this.#endOf(claimId, pod)?.how === 'released' ? [] : [this.#toState(claimId, pod)];
      }),
    );
  }

  /** Moves the end of the lease to so many seconds from now, unless it is later already. */
  async renew(claimId: string, asked: number | undefined): Promise<Claim> {
    const { access, onEvent } = this.#dependencies;
    const { connection, namespace, cache } = access;
    let pod = await this.#find(claimId);
    for (let round = 0; round < maxRenewRounds; round += 1) {
      const held = this.#heldOrThrow(claimId, pod);
      const seconds = this.#termsOf(held, asked);
      const expiresAtMs = connection.serverNowMs() + (seconds ?? 0) * 1000;
      if (seconds === null || (held.view.leaseExpiresAtMs ?? 0) >= expiresAtMs) {
        return this.#toHit(claimId, held);
      }
      const { name, uid } = held.view;
      const target = { connection, namespace, name, uid };
      const patched = await patchLease({
        ...target,
        claimId,
        currentExpiresAt: held.facts.leaseExpiresAt,
        lease: { expiresAtMs, seconds },
      });
      if (patched.outcome === 'written') {
        cache.fold(patched.pod);
        onEvent({ kind: 'renewed', pool: held.pool });
        return this.#toHit(claimId, patched.pod);
      }
      pod = patched.outcome === 'gone' ? null : await readClaimPod(target);
      if (pod === null) this.#rememberLost(claimId, held);
      else cache.fold(pod);
    }
    throw new ClaimError('clusterUnavailable', `Claim ${claimId} is being renewed by others`, {
      retryAfterSeconds: 1,
    });
  }

  /** Ends the claim and deletes its pod. A claim that has ended is left as it is. */
  async release(claimId: string, reason: string | null): Promise<ReleasedClaim> {
    const pod = await this.#find(claimId);
    const ended = this.#endOf(claimId, pod);
    if (ended !== null) return { claimId, pool: ended.pool, reason: ended.reason, hadEnded: true };
    if (pod === null) throw notFoundError(claimId);
    if (pod.view.terminating) {
      const hadReason = pod.facts.releaseReason;
      return { claimId, pool: pod.pool, reason: hadReason, hadEnded: true };
    }
    await this.end(claimId, pod, reason);
    return { claimId, pool: pod.pool, reason, hadEnded: false };
  }

  /** Deletes the pod of a claim, with a reason on it first if there is one. */
  async end(claimId: string, { pool, view }: KnownPod, reason: string | null): Promise<void> {
    const { access, ended, onEvent } = this.#dependencies;
    const { connection, namespace } = access;
    const { name, uid } = view;
    const target = { connection, namespace, name, uid };
    // Refused or gone: the pod has ended meanwhile, and the delete finds that out.
    if (reason !== null) await patchReleaseReason({ ...target, claimId, reason });
    await deleteWithPatience(target);
    const message = `Claim ${claimId} was released`;
    ended.add({ claimId, pool, podUid: uid, how: 'released', reason, message });
    onEvent({ kind: 'released', pool, reason });
  }

  /** The error for a claim whose pod has ended, by all that is known of it here. */
  lostError(claimId: string, pod: KnownPod): ClaimError {
    const { connection } = this.#dependencies.access;
    const ended = this.#endOf(claimId, pod);
    if (ended !== null) return endedError(ended);
    const lost = whyLost(pod, connection.serverNowMs()) ?? { reason: 'Gone', message: '' };
    return lostError(claimId, lost);
  }

  /** By the watch, which is a moment behind; by a list for a claim that it does not show. */
  async #find(claimId: string): Promise<KnownPod | null> {
    const { connection, namespace, cache } = this.#dependencies.access;
    const claimHash = claimHashOf(claimId);
    for (const pod of cache.ofClaim(claimHash)) if (isClaimedBy(pod, claimId)) return pod;
    if (this.#dependencies.ended.get(claimId) !== undefined) return null;
    const listed = await listClaimPods({ connection, namespace, claimHash });
    return listed.find((pod) => isClaimedBy(pod, claimId)) ?? null;
  }

  /** How the claim ended, if that is known here of this pod, or of the last one when it has none. */
  #endOf(claimId: string, pod: KnownPod | null): EndedClaim | null {
    const ended = this.#dependencies.ended.get(claimId);
    if (ended === undefined) return null;
    return pod === null || pod.view.uid === ended.podUid ? ended : null;
  }

  #heldOrThrow(claimId: string, pod: KnownPod | null): KnownPod {
    const ended = this.#endOf(claimId, pod);
    if (ended !== null) throw endedError(ended);
    if (pod === null || !isClaimedBy(pod, claimId)) throw notFoundError(claimId);
    const lost = whyLost(pod, this.#dependencies.access.connection.serverNowMs());
    if (lost !== null) throw lostError(claimId, lost);
    return pod;
  }

  /** A claim keeps the length of lease that it was given, whatever the pool's has become. */
  #termsOf(pod: KnownPod, asked: number | undefined): number | null {
    const own = pod.facts.leaseSeconds;
    if (own !== null && (asked === undefined || asked <= own)) return asked ?? own;
    const card = this.#dependencies.cards.get(pod.pool);
    // A pool that has no card any more allows what it has given.
    return card === undefined ? own : leaseTerms(card, asked);
  }

  #rememberLost(claimId: string, { pool, view }: KnownPod): void {
    const message = `Pod ${view.name} is gone`;
    const lost = { how: 'lost', reason: 'Gone', message } as const;
    this.#dependencies.ended.add({ claimId, pool, podUid: view.uid, ...lost });
  }

  #toHit(claimId: string, pod: KnownPod): Claim {
    const { namespace } = this.#dependencies.access;
    return { ...toClaim(claimId, namespace, pod), hit: true, waitedMs: 0 };
  }

  #toState(claimId: string, pod: KnownPod): ClaimState {
    const { connection, namespace } = this.#dependencies.access;
    return toClaimState({ claimId, namespace, pod, nowMs: connection.serverNowMs() });
  }
}

async function deleteWithPatience(
  target: Pick<Parameters<typeof deleteClaimPod>[0], 'connection' | 'namespace' | 'name' | 'uid'>,
): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      await deleteClaimPod({ ...target, lane: 'deletes', deadlineMs: deleteDeadlineMs });
      return;
    } catch (error) {
      const isPassing = error instanceof KubernetesError && error.kind === 'unavailable';
      if (!isPassing || round >= maxDeleteRounds) throw error;
      await sleep(deletePauseMs * round);
    }
  }
}

function notFoundError(claimId: string): ClaimError {
  return new ClaimError('claimNotFound', `No pod carries claim ${claimId}`);
}

function lostError(claimId: string, lost: { reason: string; message: string }): ClaimError {
  const message = `Claim ${claimId} is lost: ${lost.message}`;
  return new ClaimError('claimLost', message, { details: { reason: lost.reason } });
}

function endedError({ claimId, how, reason, message }: EndedClaim): ClaimError {
  if (how === 'lost') return lostError(claimId, { reason: reason ?? 'Gone', message });
  return new ClaimError('claimEnded', message, { details: { reason } });
}
