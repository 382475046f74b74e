/** Pods that kwok has not seen on their nodes. Pure. */
import type { V1Pod } from '@kubernetes/client-node';

/** kwok plays a pod within milliseconds; on a busy machine it has taken a second. */
const forgottenAfterMs = 3_000;

/** Writes a look. On a lost node hundreds of pods stay forgotten, and need no hundred writes a second. */
const maxPodsALook = 20;

/** Annotation of a pod that kwok was reminded of: when, as RFC 3339. */
export const remindedAnnotation = 'sim.pilotlight.example/reminded-at';

/**
 * Pods that have been bound, or ought to have ended, for 3 s without a word from their kubelet and
 * without a reminder; at most 20, those first that have waited longest for one.
 *
 * kwok skips an event of a pod whose node's lease its cache does not hold yet, and does not come back
 * to it: such a pod stayed Pending for good (2 of 400 on a busy machine, more after the API server was
 * away, when each of kwok's watches comes back in its own time). Any later event plays it.
 */
export function findForgottenPods(pods: V1Pod[], nowMs: number): V1Pod[] {
  return pods
    .filter((pod) => isForgotten(pod, nowMs) && nowMs - remindedAtMs(pod) >= forgottenAfterMs)
    .sort((a, b) => remindedAtMs(a) - remindedAtMs(b))
    .slice(0, maxPodsALook);
}

function remindedAtMs({ metadata }: V1Pod): number {
  return Date.parse(metadata?.annotations?.[remindedAnnotation] ?? '') || 0;
}

function isForgotten({ metadata, spec, status }: V1Pod, nowMs: number): boolean {
  if (spec?.nodeName === undefined) return false;
  // The moment by which it should be gone.
  const endsAt = metadata?.deletionTimestamp;
  if (endsAt !== undefined) return nowMs - endsAt.getTime() >= forgottenAfterMs;
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const boundAtMs = scheduled?.lastTransitionTime?.getTime() ?? nowMs;
  const isUntouched = status?.phase === 'Pending' && status.containerStatuses === undefined;
  return isUntouched && scheduled?.status === 'True' && nowMs - boundAtMs >= forgottenAfterMs;
}
