import { type ApiObject, isFields, toKubernetesTime } from './api-object.ts';
import type { ObjectStore } from './object-store.ts';
import { readObject, type Target } from './operations.ts';
import { isTerminal, type Pod } from './pod.ts';
import { pods, type Resource } from './resources.ts';
import { conflict } from './status-error.ts';

/** The parts of Kubernetes' DeleteOptions that are honoured. */
export interface DeleteOptions {
  gracePeriodSeconds: number | undefined;
  uid: string | undefined;
  resourceVersion: string | undefined;
  isDryRun: boolean;
}

/** Reads DeleteOptions from a request's body and query; a query wins, as with the real server. */
export function toDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const fields = isFields(body) ? body : {};
  const preconditions = isFields(fields['preconditions']) ? fields['preconditions'] : {};
  const grace = query.get('gracePeriodSeconds') ?? fields['gracePeriodSeconds'];
  const { uid, resourceVersion } = preconditions;
  return {
    gracePeriodSeconds: grace === undefined || grace === null ? undefined : Number(grace),
    uid: typeof uid === 'string' ? uid : undefined,
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : undefined,
    isDryRun: query.has('dryRun') || Array.isArray(fields['dryRun']),
  };
}

/** What a delete came to: the object is gone, or it is marked and somebody else must finish. */
export interface Deletion {
  isGone: boolean;
  object: ApiObject;
}

interface DeleteRequest {
  target: Target;
  options: DeleteOptions;
  nowMs: number;
}

/**
 * Deletes an object. A pod on a node is only marked, the kubelet ends it; one without a node or with
 * nothing running vanishes at once; so does everything else that has no finalizers. Raises 404, and
 * 409 when a precondition does not hold.
 */
export function deleteObject(store: ObjectStore, request: DeleteRequest): Deletion {
  const { target, options, nowMs } = request;
  const { resource } = target;
  const current = readObject(store, target);
  refuseUnmet(resource, current, options);
  const graceSeconds = graceOf(resource, current, options);
  const hasFinalizers = (current.metadata.finalizers ?? []).length > 0;
  if (options.isDryRun) return { isGone: graceSeconds === 0 && !hasFinalizers, object: current };
  if (graceSeconds === 0 && !hasFinalizers) {
    return { isGone: true, object: store.remove(resource, current) };
  }
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = current.metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds <= graceSeconds) {
    return { isGone: false, object: current };
  }
  const marked = {
    ...current,
    metadata: {
      ...current.metadata,
      deletionTimestamp: toKubernetesTime(nowMs + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    },
  };
  return { isGone: false, object: store.put(resource, marked) };
}

function refuseUnmet(resource: Resource, current: ApiObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = current.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    const why = `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(resource, name, why);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw conflict(resource, name, why);
  }
}

function graceOf(resource: Resource, current: ApiObject, options: DeleteOptions): number {
  if (resource !== pods) return 0;
  const pod = current as Pod;
  if (pod.spec.nodeName === undefined || isTerminal(pod)) return 0;
  return options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}
