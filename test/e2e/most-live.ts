import type { PodMoment } from './pod-recorder.ts';

/** The most pods that existed at any moment and were not being deleted. */
export function mostLive(moments: PodMoment[]): number {
  const live = new Set<string>();
  let most = 0;
  for (const { uid, isTerminating, isDeleted } of moments) {
    if (isTerminating || isDeleted) live.delete(uid);
    else live.add(uid);
    most = Math.max(most, live.size);
  }
  return most;
}
