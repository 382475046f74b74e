/** Reduces a pod to its view, and reads off it why it is not Ready. */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { annotations, labels, podStates } from '../pool/labels.ts';
import { maxTextLength, maxViewMessageLength, type PodView } from '../pool/pod-view.ts';

/** The view of a pod as it came from the API server, typed or as plain JSON of a watch. */
export function toPodView(pod: V1Pod): PodView {
  const { metadata = {}, status = {}, spec } = pod;
  const ready = status.conditions?.find((condition) => condition.type === 'Ready');
  const leaseEnd = Date.parse(metadata.annotations?.[annotations.leaseExpiresAt] ?? '');
  const isReady = ready?.status === 'True';
  const why = isReady ? null : whyNotReady(pod);
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    version: metadata.resourceVersion ?? '0',
    templateHash: metadata.labels?.[labels.template] ?? '',
    createdAtMs: instantMs(metadata.creationTimestamp) ?? 0,
    ready: isReady,
    ...optional('readyChangedAtMs', instantMs(ready?.lastTransitionTime)),
    // Only the one word can be claimed, so whatever else it says is somebody's hold on the pod.
    claimed: metadata.labels?.[labels.state] !== podStates.unclaimed,
    terminating: metadata.deletionTimestamp !== undefined,
    ended: status.phase === 'Succeeded' || status.phase === 'Failed',
    ...optional('leaseExpiresAtMs', Number.isNaN(leaseEnd) ? undefined : leaseEnd),
    // Others may write these, at lengths of which a few fill the signal that they travel in.
    ...optional('releaseReason', short(metadata.annotations?.[annotations.releaseReason])),
    ...optional('disrupted', isDisrupted(pod) ? true : undefined),
    ...optional('node', spec?.nodeName),
    ...optional('reason', short(why?.reason)),
    ...optional('message', why?.message?.slice(0, maxViewMessageLength)),
  };
}

function isDisrupted({ status = {} }: V1Pod): boolean {
  const condition = status.conditions?.find(({ type }) => type === 'DisruptionTarget');
  return condition?.status === 'True';
}

function short(text: string | undefined): string | undefined {
  return text?.slice(0, maxTextLength);
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}

/** The typed client gives dates, a watch gives RFC 3339 text. */
function instantMs(value: Date | string | undefined): number | undefined {
  return value === undefined ? undefined : new Date(value).getTime();
}

interface Reason {
  reason?: string | undefined;
  message?: string | undefined;
}

/** The most telling word there is: the pod's own end, its scheduling, then its containers. */
function whyNotReady({ status = {} }: V1Pod): Reason | null {
  if (status.reason !== undefined) return { reason: status.reason, message: status.message };
  const scheduled = status.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.status === 'False') return scheduled;
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const stuck = containers.find(({ state }) => {
    const reason = state?.waiting?.reason;
    return reason !== undefined && !ordinaryWaits.has(reason);
  });
  const unready = stuck ?? containers.find((container) => !container.ready);
  if (unready) return ofContainer(unready);
  // All containers are ready and the pod is not: a readiness gate, named by the condition.
  return status.conditions?.find(({ type, reason }) => type === 'Ready' && reason) ?? null;
}

/** What a container waits for in any start; another's trouble tells more. */
const ordinaryWaits = new Set(['ContainerCreating', 'PodInitializing']);

function ofContainer({ name, state, ready }: V1ContainerStatus): Reason {
  const { waiting, terminated } = state ?? {};
  if (waiting) return { reason: waiting.reason, message: waiting.message ?? `container ${name}` };
  if (terminated) {
    const message = terminated.message ?? `container ${name} ended with ${terminated.exitCode}`;
    return { reason: terminated.reason, message };
  }
  return ready ? {} : { reason: 'ContainerNotReady', message: `container ${name} is not ready` };
}
