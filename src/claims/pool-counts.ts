import type { KnownPod } from '../kubernetes/known-pod.ts';
import { isWarm } from './candidates.ts';

/** How many pods of a pool are in which condition; each pod counts once, stale ones also as stale. */
export interface PoolCounts {
  warm: number;
  /** Unclaimed and not Ready. */
  pending: number;
  claimed: number;
  /** Being deleted. */
  terminating: number;
  /** Unclaimed, of another template than the current one. */
  stale: number;
}

/** Counts the pods of a pool. Pods that have ended count for nothing. */
export function countPods(pods: Iterable<KnownPod>, templateHash: string): PoolCounts {
  const counts = { warm: 0, pending: 0, claimed: 0, terminating: 0, stale: 0 };
  for (const pod of pods) {
    const { view } = pod;
    if (view.terminating) counts.terminating += 1;
    else if (view.ended) continue;
    else if (view.claimed) counts.claimed += 1;
    else {
      if (isWarm(pod)) counts.warm += 1;
      else counts.pending += 1;
      if (view.templateHash !== templateHash) counts.stale += 1;
    }
  }
  return counts;
}
