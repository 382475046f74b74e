import { randomUUID } from 'node:crypto';
import type { KnownPod } from '../kubernetes/known-pod.ts';
import { autoClaimIdPrefix } from './check-request.ts';
import { lookAgain, withCandidate, type Knowledge } from './claim-steps.ts';

/**
 * What an attempt begins with: a look for a pod that the claimId has already, or a candidate. A claim
 * without a record has a new name for each pod.
 */
export function whatToTry(known: Knowledge, candidate: KnownPod | null): Knowledge {
  if (candidate === null) return lookAgain(known);
  const { view, facts } = candidate;
  const claimId = known.isNamed ? known.claimId : `${autoClaimIdPrefix}${randomUUID()}`;
  return withCandidate(known, { name: view.name, uid: view.uid, basis: facts.basis }, claimId);
}
