import type { PodMoment } from './pod-recorder.ts';

/** The fewest pods that could be claimed at any moment from the first at which there were `count`. */
export function leastWarm(options: {
  moments: PodMoment[];
  count: number;
  /** Only moments since then count; all unless given. */
  sinceMs?: number;
}): number {
  const { moments, count, sinceMs = 0 } = options;
  const warm = new Set<string>();
  let least = Infinity;
  for (const { uid, atMs, isReady, isClaimed, isTerminating, isDeleted } of moments) {
    if (isReady && !isClaimed && !isTerminating && !isDeleted) warm.add(uid);
    else warm.delete(uid);
    if (atMs < sinceMs) continue;
    if (least !== Infinity || warm.size >= count) least = Math.min(least, warm.size);
  }
  return least;
}
