/** What must hold of all claims, looked at from outside: by every pod's history (P2). */
import assert from 'node:assert/strict';
import type { PodMoment } from './pod-recorder.ts';

/** Asserts that no pod ever had two claims and no claimId two pods at a moment; returns the claims. */
export function checkClaims(moments: PodMoment[]): { claimIds: Set<string>; pods: Set<string> } {
  const claimOf = new Map<string, string>();
  const podOf = new Map<string, string>();
  const claimIds = new Set<string>();
  for (const { uid, name, claimId, isDeleted } of moments) {
    const before = claimOf.get(uid);
    if (before !== undefined) {
      assert.equal(claimId, before, `pod ${name} had claim ${before} and then ${String(claimId)}`);
    }
    if (claimId === null) continue;
    claimOf.set(uid, claimId);
    claimIds.add(claimId);
    const other = podOf.get(claimId) ?? uid;
    assert.equal(other, uid, `claim ${claimId} had pod ${name} and another at one moment`);
    if (isDeleted) podOf.delete(claimId);
    else podOf.set(claimId, uid);
  }
  return { claimIds, pods: new Set(claimOf.keys()) };
}
