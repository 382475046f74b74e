/** Claims as their pods show them. */
import type { KnownPod } from '../kubernetes/known-pod.ts';
import type { Claim, ClaimLease, ClaimState } from './claim.ts';

/** Whether a pod carries this claim. */
export function isClaimedBy({ view, facts }: KnownPod, claimId: string): boolean {
  return view.claimed && facts.claimId === claimId;
}

/** The claim on a pod. */
export function toClaim(
  claimId: string,
  namespace: string,
  pod: KnownPod,
): Omit<Claim, 'hit' | 'waitedMs'> {
  const { view, facts } = pod;
  return {
    claimId,
    pool: pod.pool,
    pod: {
      name: view.name,
      namespace,
      uid: view.uid,
      ip: facts.ip,
      node: view.node ?? null,
    },
    lease: leaseOf(pod),
  };
}

/** The claim on a pod with its holder and whether it still holds. */
export function toClaimState(options: {
  claimId: string;
  namespace: string;
  pod: KnownPod;
  nowMs: number;
}): ClaimState {
  const { claimId, namespace, pod, nowMs } = options;
  const lost = whyLost(pod, nowMs);
  return {
    ...toClaim(claimId, namespace, pod),
    state: lost === null ? 'held' : 'lost',
    holder: pod.facts.holder,
    claimedAt: pod.facts.claimedAt,
    lost,
  };
}

/** Why a claimed pod no longer serves its holder; null while it does. A pod not Ready still does. */
export function whyLost(
  { view, facts }: KnownPod,
  nowMs: number,
): { reason: string; message: string } | null {
  const { name } = view;
  if (view.ended) {
    const reason = view.reason ?? 'PodEnded';
    return { reason, message: view.message ?? `Pod ${name} has ended: ${reason}` };
  }
  if (!view.terminating) return null;
  if (facts.releaseReason !== null) {
    return { reason: 'Released', message: `Pod ${name} was released: ${facts.releaseReason}` };
  }
  if (view.leaseExpiresAtMs !== undefined && view.leaseExpiresAtMs < nowMs) {
    return {
      reason: 'LeaseExpired',
      message: `The lease ended at ${String(facts.leaseExpiresAt)}`,
    };
  }
  return { reason: 'Deleted', message: `Pod ${name} is being deleted` };
}

function leaseOf({ view, facts }: KnownPod): ClaimLease | null {
  const { leaseExpiresAtMs } = view;
  if (leaseExpiresAtMs === undefined) return null;
  return {
    expiresAt: new Date(leaseExpiresAtMs).toISOString(),
    seconds: facts.leaseSeconds ?? 0,
  };
}
