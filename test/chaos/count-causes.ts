import type { PodMoment } from '../e2e/pod-recorder.ts';

/**
 * How many pods of a pool were created, and how many are a cause for another one (P1): claimed at some
 * time, harmed by a fault, or of a template that is no longer the latest. A surplus that was retired is
 * no cause.
 */
export function countCauses(
  pods: PodMoment[],
  harmed: ReadonlySet<string>,
): { created: number; gone: number } {
  const latest = pods.findLast(({ isDeleted }) => !isDeleted)?.templateHash;
  const gone = pods.filter(
    ({ uid, isClaimed, isDeleted, templateHash }) =>
      isClaimed || harmed.has(uid) || (isDeleted && templateHash !== latest),
  );
  return { created: pods.length, gone: gone.length };
}
