import type { ClaimMark } from '../kubernetes/claim-pod.ts';
import type { ClaimRequest } from './claim.ts';
import { claimHashOf } from './claim-hash.ts';

/** What a claim that is made now writes on its pod; its lease begins now. */
export function claimMarkOf(options: {
  request: ClaimRequest;
  claimId: string;
  /** In seconds; null for a claim without an end. */
  leaseSeconds: number | null;
  /** By the API server's clock. */
  nowMs: number;
}): ClaimMark {
  const { request, claimId, leaseSeconds: seconds, nowMs } = options;
  return {
    claimId,
    claimHash: claimHashOf(claimId),
    holder: request.holder ?? null,
    claimedAtMs: nowMs,
    lease: seconds === null ? null : { expiresAtMs: nowMs + seconds * 1000, seconds },
    labels: request.labels ?? {},
    annotations: request.annotations ?? {},
  };
}
