import { isVersion } from './resource-version.ts';

/**
 * A pod as it was read, reduced to what decisions need. Small (about 250 bytes of JSON), because it
 * travels in signals and activity results and so is kept in Temporal's history.
 */
export interface PodView {
  name: string;
  uid: string;
  /** resourceVersion at which this was read: the clock of observations. */
  version: string;
  /** Value of the template label; empty when the label is missing. */
  templateHash: string;
  /** By the API server's clock, whole seconds. */
  createdAtMs: number;
  /** The Ready condition is True. */
  ready: boolean;
  /** When the Ready condition last changed, whole seconds by the kubelet's clock; absent before. */
  readyChangedAtMs?: number;
  /** The state label says anything but `unclaimed`: somebody holds the pod. */
  claimed: boolean;
  /** deletionTimestamp is set. */
  terminating: boolean;
  /** The pod's phase is Succeeded or Failed: no container runs or will run again. */
  ended: boolean;
  /** End of the lease of a claimed pod; absent without a lease. */
  leaseExpiresAtMs?: number;
  /** Why the holder gave it up, when it said so; the pod is being deleted then or will be at once. */
  releaseReason?: string;
  /** Its DisruptionTarget condition is True: it is about to be taken away. Absent otherwise. */
  disrupted?: boolean;
  node?: string;
  /** Why it is not Ready (or has ended), in Kubernetes' own word: `Unschedulable`, `ErrImagePull`. */
  reason?: string;
  /** The message beside the reason, cut to 200 characters. */
  message?: string;
}

/** Longest `message` of a view: enough for a scheduler's sentence, small enough for history. */
export const maxViewMessageLength = 200;

/** Longest text of a view other than its message: no name, uid or hash of Kubernetes' is longer. */
export const maxTextLength = 253;

/**
 * Names become keys of records, so `__proto__` must not pass. `constructor` does, because a pod may
 * be called so: refusing it would refuse the whole message. Whoever keys by it asks `isKey`.
 */
export function isPodName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9][-a-z0-9.]{0,252}$/.test(value);
}

/** Whether a value can be the uid of an object. */
export function isUid(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxTextLength;
}

/**
 * Reads a view from anything: null when it is none. Only the fields of a view are copied and texts
 * are cut, so that a message from outside brings nothing else into the state. Never throws.
 */
export function readPodView(value: unknown): PodView | null {
  if (typeof value !== 'object' || value === null) return null;
  const given = value as Record<keyof PodView, unknown>;
  const { name, uid, version, templateHash, createdAtMs } = given;
  const { ready, claimed, terminating, ended } = given;
  if (!isPodName(name) || !isUid(uid) || !isVersion(version)) return null;
  if (typeof templateHash !== 'string' || !isInstant(createdAtMs)) return null;
  if (!isFlag(ready) || !isFlag(claimed) || !isFlag(terminating) || !isFlag(ended)) return null;
  return {
    ...{ name, uid, version, createdAtMs, ready, claimed, terminating, ended },
    templateHash: templateHash.slice(0, maxTextLength),
    ...optional('readyChangedAtMs', given.readyChangedAtMs, isInstant),
    ...optional('leaseExpiresAtMs', given.leaseExpiresAtMs, isInstant),
    ...optional('disrupted', given.disrupted, isFlag),
    ...optional('node', cut(given.node, maxTextLength), isText),
    ...optional('reason', cut(given.reason, maxTextLength), isText),
    ...optional('message', cut(given.message, maxViewMessageLength), isText),
    ...optional('releaseReason', cut(given.releaseReason, maxTextLength), isText),
  };
}

function optional<K extends keyof PodView, T>(
  key: K,
  value: unknown,
  isFit: (value: unknown) => value is T,
): Partial<Record<K, T>> {
  return isFit(value) ? ({ [key]: value } as Record<K, T>) : {};
}

function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isInstant(value: unknown): value is number {
  return Number.isFinite(value);
}

function cut(value: unknown, maxLength: number): unknown {
  return typeof value === 'string' ? value.slice(0, maxLength) : value;
}
