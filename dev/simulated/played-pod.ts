/** What a pod's own labels and annotations ask its kubelet to play, simulated or kwok's (stages.yaml). */

/** Annotation: how long after it was placed a pod becomes Ready, as `20s`, `150ms` or `2m`. */
const readyDelayAnnotation = 'sim.pilotlight.example/ready-delay';

/** Label: the fault a pod plays. */
const faultLabel = 'sim.pilotlight.example/fault';

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The part of a pod's metadata that says it. */
interface PlayedMetadata {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** How long a pod takes from its node to Ready, in milliseconds; 0 for none or an unreadable one. */
export function readyDelayMs({ annotations }: PlayedMetadata): number {
  const text = annotations?.[readyDelayAnnotation] ?? '';
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  return Number(match?.[1] ?? 0) * (unitMs[match?.[2] ?? ''] ?? 0);
}

/** The fault a pod plays, like `image-pull`; undefined for none. */
export function faultOf({ labels }: PlayedMetadata): string | undefined {
  return labels?.[faultLabel];
}
