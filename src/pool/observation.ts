/** What was read of a pool's pods, as it travels in signals and results. */
import { isPodName, isUid, maxTextLength, readPodView, type PodView } from './pod-view.ts';
import { isVersion } from './resource-version.ts';
import { show } from './show.ts';

/** A pod that is no more. */
export interface GonePod {
  name: string;
  uid: string;
  /** Version of the deletion, or of the list that lacked it. */
  version: string;
  /** It was claimed when last read: its end is a release, not a disturbance. Absent otherwise. */
  claimed?: boolean;
  /** Why its holder gave it up, which may never have been told while the pod was there. */
  releaseReason?: string;
}

/**
 * The pool's cordoned nodes as the watcher saw them at a version of nodes. It is no part of a pod's
 * view, because it changes without the pod and its version.
 */
export interface CordonedNodesView {
  version: string;
  nodes: string[];
}

/** Changes, or with `complete` all pods of the pool at `version`. */
export interface Observation {
  /** uid of kube-system of the cluster that was read. */
  cluster: string;
  version: string;
  pods: PodView[];
  gone: GonePod[];
  /** Cordoned nodes that hold pods of the pool; absent while that is not known. */
  cordoned?: CordonedNodesView;
  /** A snapshot: a record that it lacks and that was not read later is gone. */
  complete: boolean;
}

/** Pods in one message at most: 2,000 views are about 500 KB, a quarter of Temporal's 2 MiB limit. */
export const maxObservedPods = 2000;

/**
 * Reads a message from outside, with at most `maxPods` pods. Only what an observation has is copied,
 * and texts are cut: a message of 2 MiB must not end up in a state that then can't be carried on.
 * A refusal says what was expected and given; it never throws.
 */
export function readObservation(
  value: unknown,
  maxPods = maxObservedPods,
): Observation | { refusal: string } {
  if (!isObject(value) || !('cluster' in value))
    return { refusal: `Expected podsChanged to carry an observation, got ${show(value)}` };
  const { cluster, version, complete } = value;
  if (!isUid(cluster)) return { refusal: `Expected \`cluster\` to be a uid, got ${show(cluster)}` };
  if (!isVersion(version))
    return { refusal: `Expected \`version\` to be decimal digits, got ${show(version)}` };
  const pods = readAll(value.pods, maxPods, readPodView);
  if (pods === null) return { refusal: `Expected \`pods\` to be at most ${maxPods} pod views` };
  const gone = readAll(value.gone, maxPods, readGonePod);
  if (gone === null) return { refusal: `Expected \`gone\` to be at most ${maxPods} ended pods` };
  const cordoned = readCordoned(value.cordoned);
  return { cluster, version, pods, gone, complete: complete === true, ...cordoned };
}

/** Nothing when it can't be read: nodes that are not known to go are no reason to refuse the pods. */
export function readCordoned(value: unknown): { cordoned?: CordonedNodesView } {
  if (!isObject(value) || !isVersion(value['version'])) return {};
  const nodes = readAll(value['nodes'], maxObservedPods, (node) => (isUid(node) ? node : null));
  return nodes === null ? {} : { cordoned: { version: value['version'], nodes } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every item read, or null when one can't be, or there are too many. */
function readAll<T>(value: unknown, max: number, read: (item: unknown) => T | null): T[] | null {
  if (!Array.isArray(value) || value.length > max) return null;
  const items = value.map(read);
  return items.every((item) => item !== null) ? items : null;
}

function readGonePod(value: unknown): GonePod | null {
  if (!isObject(value)) return null;
  const { name, uid, version, claimed, releaseReason } = value;
  if (!isPodName(name) || !isUid(uid) || !isVersion(version)) return null;
  return {
    ...{ name, uid, version, ...(claimed === true ? { claimed } : {}) },
    ...(typeof releaseReason === 'string'
      ? { releaseReason: releaseReason.slice(0, maxTextLength) }
      : {}),
  };
}
