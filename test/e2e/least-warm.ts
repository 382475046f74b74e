import type { PodMoment } from './pod-recorder.ts';

/** The fewest pods that could be claimed at any moment since there were `atLeast` of them. */
export function leastWarm(moments: PodMoment[], atLeast: number): number {
  const warm = new Set<string>();
  let least = Infinity;
  for (const { uid, isReady, isClaimed, isTerminating, isDeleted } of moments) {
    if (isReady && !isClaimed && !isTerminating && !isDeleted) warm.add(uid);
    else warm.delete(uid);
    if (least !== Infinity || warm.size >= atLeast) least = Math.min(least, warm.size);
  }
  return least;
}
