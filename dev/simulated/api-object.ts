/** What every object that the simulated API server keeps has in common. */

export type Fields = Record<string, unknown>;

interface OwnerReference {
  uid: string;
  kind: string;
  name: string;
}

interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/** A stored object. It is never changed in place: a write replaces it, so that readers may keep it. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: unknown;
  status?: unknown;
}

/** Tells whether a value of a request's body is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Kubernetes' time format: RFC 3339 in whole seconds. */
export function toKubernetesTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** An object as the real server stores it: an empty map of labels or annotations is none. */
export function withoutEmptyMaps(object: ApiObject): ApiObject {
  const metadata = { ...object.metadata };
  for (const map of ['labels', 'annotations'] as const) {
    if (Object.keys(metadata[map] ?? {}).length === 0) Reflect.deleteProperty(metadata, map);
  }
  return { ...object, metadata };
}
