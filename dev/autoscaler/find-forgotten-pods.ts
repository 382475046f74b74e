/** Pods that kwok has not seen on their nodes. Pure. */
import type { V1Pod } from '@kubernetes/client-node';
import { faultOf, readyDelayMs } from '../simulated/played-pod.ts';

/** kwok plays a pod within milliseconds; on a busy machine it has taken a second. */
const forgottenAfterMs = 3_000;

/** From a node controller's mark to the kubelet's own word (pod-is-ready-again in stages.yaml). */
const readyAgainMs = 2_000;

/** Writes a look. On a lost node hundreds of pods stay forgotten, and need no hundred writes a second. */
const maxPodsALook = 20;

/** Annotation of a pod that kwok was reminded of: when, as RFC 3339. */
export const remindedAnnotation = 'sim.pilotlight.example/reminded-at';

/**
 * Pods that have been bound, were to be Ready, or ought to have ended, for 3 s without a word from their
 * kubelet and without a reminder; at most 20, those first that have waited longest for one.
 *
 * kwok skips an event of a pod whose node's lease its cache does not hold yet, and does not come back
 * to it: such a pod stayed Pending for good (2 of 400 on a busy machine, more after the API server was
 * away, when each of kwok's watches comes back in its own time). The same befell pods that were on
 * their way to Ready when kwok was killed. Any later event plays them.
 */
export function findForgottenPods(pods: V1Pod[], nowMs: number): V1Pod[] {
  return pods
    .filter((pod) => nowMs - (dueAtMs(pod, nowMs) ?? nowMs) >= forgottenAfterMs)
    .sort((a, b) => remindedAtMs(a) - remindedAtMs(b))
    .slice(0, maxPodsALook);
}

function remindedAtMs({ metadata }: V1Pod): number {
  return Date.parse(metadata?.annotations?.[remindedAnnotation] ?? '') || 0;
}

/** By when the kubelet's next word on a pod is due; null when there is none to come. */
function dueAtMs(pod: V1Pod, nowMs: number): number | null {
  const { metadata = {}, spec, status } = pod;
  if (spec?.nodeName === undefined) return null;
  const remindedMs = remindedAtMs(pod);
  // The moment by which it should be gone.
  const endsAt = metadata.deletionTimestamp;
  if (endsAt !== undefined) return Math.max(endsAt.getTime(), remindedMs);
  if (status?.phase === 'Running' && status.containerStatuses?.[0]?.ready === true) {
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status !== 'False') return null;
    return Math.max(ready.lastTransitionTime?.getTime() ?? nowMs, remindedMs) + readyAgainMs;
  }
  if (status?.phase !== 'Pending') return null;
  if (status.containerStatuses === undefined) {
    const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
    if (scheduled?.status !== 'True') return null;
    return Math.max(scheduled.lastTransitionTime?.getTime() ?? nowMs, remindedMs);
  }
  if (faultOf(metadata) !== undefined) return null;
  // A reminder may begin the delay anew.
  return Math.max(status.startTime?.getTime() ?? nowMs, remindedMs) + readyDelayMs(metadata);
}
