import type { CardCache } from '../kubernetes/card-cache.ts';
import type { KnownPod } from '../kubernetes/known-pod.ts';
import type { ClusterAccess } from './carry-out.ts';
import type { ClaimError } from './claim-error.ts';
import type { ClaimEvent } from './claim-event.ts';
import type { ClaimLimits } from './claim-limits.ts';

/** What the claimer needs of its process. */
export interface ClaimerDependencies {
  access: ClusterAccess;
  cards: CardCache;
  limits: ClaimLimits;
  isCordoned: (node: string | undefined) => boolean;
  onEvent: (event: ClaimEvent) => void;
  /** The number of claims that wait for a pool may have changed. */
  onWaiting: (pool: string, waiting: number) => void;
  /** A pod of a claim that nobody waits for, or whose answer never came, is to be released. */
  discard: (claimId: string, pod: KnownPod) => void;
  /** A claim of this claimId may yet appear on a pod although it was given up. */
  onOrphan: (claimId: string) => void;
  /** The error of a claim whose pod has ended. */
  lostError: (claimId: string, pod: KnownPod) => ClaimError;
}
