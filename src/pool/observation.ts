/** What was read of a pool's pods, as it travels in signals and results. */
import type { PodView } from './pod-view.ts';
import { isVersion } from './resource-version.ts';

/** A pod that is no more. */
export interface GonePod {
  name: string;
  uid: string;
  /** Version of the deletion, or of the list that lacked it. */
  version: string;
}

/** Changes, or with `complete` all pods of the pool at `version`. */
export interface Observation {
  /** uid of kube-system of the cluster that was read. */
  cluster: string;
  version: string;
  pods: PodView[];
  gone: GonePod[];
  /** A snapshot: a record that it lacks and that was not read later is gone. */
  complete: boolean;
}

/** Pods in one message at most: 2,000 views are about 500 KB, a quarter of Temporal's 2 MiB limit. */
export const maxObservedPods = 2000;

/** Reads a message from outside. A refusal says what was expected and given; it never throws. */
export function readObservation(value: unknown): Observation | { refusal: string } {
  if (!isObject(value))
    return { refusal: `Expected podsChanged to carry an object, got ${kindOf(value)}` };
  const { cluster, version, pods, gone, complete } = value;
  if (typeof cluster !== 'string' || cluster === '')
    return { refusal: `Expected \`cluster\` to be a uid, got ${kindOf(cluster)}` };
  if (!isVersion(version))
    return { refusal: `Expected \`version\` to be decimal digits, got ${kindOf(version)}` };
  if (!Array.isArray(pods) || pods.length > maxObservedPods || !pods.every(isPodView))
    return { refusal: `Expected \`pods\` to be at most ${maxObservedPods} pod views` };
  if (!Array.isArray(gone) || gone.length > maxObservedPods || !gone.every(isGonePod))
    return { refusal: `Expected \`gone\` to be at most ${maxObservedPods} ended pods` };
  return { cluster, version, pods, gone, complete: complete === true };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
}

/** Names become keys of records, so `__proto__` and the like must not pass. */
function isPodName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9][-a-z0-9.]{0,252}$/.test(value);
}

function isGonePod(value: unknown): value is GonePod {
  return (
    isObject(value) &&
    isPodName(value.name) &&
    typeof value.uid === 'string' &&
    isVersion(value.version)
  );
}

function isOptional(value: unknown, type: 'number' | 'string'): boolean {
  return value === undefined || typeof value === type;
}

function isPodView(value: unknown): value is PodView {
  return (
    isObject(value) &&
    isPodName(value.name) &&
    typeof value.uid === 'string' &&
    isVersion(value.version) &&
    typeof value.templateHash === 'string' &&
    typeof value.createdAtMs === 'number' &&
    [value.ready, value.claimed, value.terminating, value.ended].every(
      (flag) => typeof flag === 'boolean',
    ) &&
    isOptional(value.readyChangedAtMs, 'number') &&
    isOptional(value.leaseExpiresAtMs, 'number') &&
    [value.node, value.reason, value.message, value.releaseReason].every((text) =>
      isOptional(text, 'string'),
    )
  );
}
