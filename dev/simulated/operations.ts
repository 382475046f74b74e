import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ApiObject, type Fields, isFields, withoutEmptyMaps } from './api-object.ts';
import { checkObject, fixedPart } from './check-object.ts';
import { fillInDefaults } from './fill-in-defaults.ts';
import { keyOf, type ObjectStore } from './object-store.ts';
import { refuseInsecurePod } from './pod-security.ts';
import { refuseOverQuota } from './resource-quotas.ts';
import { namespaces, pods, type Resource } from './resources.ts';
import { alreadyExists, badRequest, conflict, invalid, notFound } from './status-error.ts';

/** Which object a request is about. */
export interface Target {
  resource: Resource;
  namespace: string | undefined;
  name: string;
}

/**
 * Replaces an object; one that is absent is created, where the resource allows it. Raises 409 for an
 * absent one that is named by its uid, and what creating and updating raise.
 */
export function replaceObject(
  store: ObjectStore,
  { target, subresource, isDryRun, body, nowMs }: CreateOptions & Omit<UpdateOptions, 'change'>,
): { isNew: boolean; object: ApiObject } {
  const { resource, namespace, name } = target;
  const key = keyOf(namespace === undefined ? { name } : { name, namespace });
  if (!resource.createsOnUpdate || store.get(resource, key) !== undefined) {
    const change = (): unknown => body;
    return { isNew: false, object: updateObject(store, { target, subresource, isDryRun, change }) };
  }
  const metadata = isFields(body) && isFields(body['metadata']) ? body['metadata'] : {};
  if (metadata['uid'] !== undefined) {
    const why = `Precondition failed: UID in precondition: ${JSON.stringify(metadata['uid'])}, UID in object meta: `;
    throw conflict(resource, name, why);
  }
  const create = { resource, namespace, body, isDryRun, nowMs };
  return { isNew: true, object: createObject(store, create) };
}

/** Reads one object; raises 404. */
export function readObject(store: ObjectStore, target: Target): ApiObject {
  const { resource, namespace, name } = target;
  const found = store.get(
    resource,
    keyOf(namespace === undefined ? { name } : { name, namespace }),
  );
  if (found === undefined) throw notFound(resource, name);
  return found;
}

interface CreateOptions {
  resource: Resource;
  namespace: string | undefined;
  body: unknown;
  isDryRun: boolean;
  nowMs: number;
}

/**
 * Creates an object, or only checks it. Raises 403 (a pod that is not let in), 404 (namespace),
 * 409 (name taken), 422 (invalid).
 */
export function createObject(store: ObjectStore, options: CreateOptions): ApiObject {
  const { resource, namespace, body, isDryRun, nowMs } = options;
  if (!isFields(body)) throw badRequest('the body must be an object');
  if (body['kind'] !== undefined && body['kind'] !== resource.kind) {
    throw badRequest(`the body is a ${JSON.stringify(body['kind'])}, expected a ${resource.kind}`);
  }
  const named = withGeneratedName(body);
  const metadata = isFields(named['metadata']) ? named['metadata'] : {};
  const given = metadata['namespace'];
  if (namespace !== undefined && given !== undefined && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the request');
  }
  if (namespace !== undefined && !store.get(namespaces, keyOf({ name: namespace }))) {
    throw notFound(namespaces, namespace);
  }
  const causes = checkObject(resource, named);
  const name = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  if (causes.length > 0) throw invalid(resource, name, causes);
  const object = withoutEmptyMaps(fillInDefaults({ resource, body: named, namespace, nowMs }));
  // Before the name is looked at, as on a real server: a repeated create may be refused, too.
  if (resource === pods) admitPod(store, object);
  if (store.get(resource, keyOf(object.metadata))) throw alreadyExists(resource, name);
  return isDryRun ? withoutVersion(object) : store.put(resource, object);
}

function admitPod(store: ObjectStore, pod: ApiObject): void {
  const { name, namespace = '' } = pod.metadata;
  const spec = isFields(pod.spec) ? pod.spec : {};
  refuseInsecurePod(store, { namespace, name, spec });
  refuseOverQuota(store, { namespace, name });
}

function withoutVersion(object: ApiObject): ApiObject {
  const metadata = { ...object.metadata };
  Reflect.deleteProperty(metadata, 'resourceVersion');
  return { ...object, metadata };
}

function withGeneratedName(body: Fields): Fields {
  const metadata = isFields(body['metadata']) ? body['metadata'] : {};
  const prefix = metadata['generateName'];
  if (metadata['name'] !== undefined || typeof prefix !== 'string' || prefix === '') return body;
  const name = `${prefix}${randomBytes(4).toString('hex').slice(0, 5)}`;
  return { ...body, metadata: { ...metadata, name } };
}

interface UpdateOptions {
  target: Target;
  subresource: string | undefined;
  isDryRun: boolean;
  /** Makes the new object out of the current one. */
  change: (current: ApiObject) => unknown;
}

/**
 * Replaces an object by what `change` makes of it. Raises 404, 409 (resourceVersion or uid differ),
 * 422 (invalid, or a fixed field changed). A change that changes nothing takes no version.
 */
export function updateObject(store: ObjectStore, options: UpdateOptions): ApiObject {
  const { target, subresource, isDryRun, change } = options;
  const { resource, name } = target;
  const current = readObject(store, target);
  const wanted = change(current);
  if (!isFields(wanted)) throw badRequest('the changed object must be an object');
  const metadata = isFields(wanted['metadata']) ? wanted['metadata'] : {};
  refuseStale({ resource, current, metadata });
  const causes = checkObject(resource, wanted);
  if (causes.length > 0) throw invalid(resource, name, causes);
  const next = withoutEmptyMaps(
    keepServerFields({ resource, subresource, current, wanted, metadata }),
  );
  if (!isDeepStrictEqual(fixedPart(resource, current.spec), fixedPart(resource, next.spec))) {
    const message =
      'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds`';
    throw invalid(resource, name, [{ reason: 'FieldValueForbidden', field: 'spec', message }]);
  }
  if (isDryRun) return next;
  const isOver =
    next.metadata.deletionTimestamp !== undefined &&
    (next.metadata.finalizers ?? []).length === 0 &&
    (current.metadata.finalizers ?? []).length > 0 &&
    (resource !== pods || next.metadata.deletionGracePeriodSeconds === 0);
  if (isOver) return store.remove(resource, next);
  return isDeepStrictEqual(current, next) ? current : store.put(resource, next);
}

interface StaleOptions {
  resource: Resource;
  current: ApiObject;
  metadata: Fields;
}

function refuseStale({ resource, current, metadata }: StaleOptions): void {
  const { name, uid, resourceVersion } = current.metadata;
  const version = metadata['resourceVersion'];
  if (metadata['uid'] !== undefined && metadata['uid'] !== uid) {
    const why = `Precondition failed: UID in precondition: ${JSON.stringify(metadata['uid'])}, UID in object meta: ${uid}`;
    throw conflict(resource, name, why);
  }
  if (version !== undefined && version !== '' && version !== resourceVersion) {
    const why =
      'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(resource, name, why);
  }
  if (metadata['name'] !== name) throw badRequest('the name of an object cannot change');
}

interface KeepOptions extends StaleOptions {
  subresource: string | undefined;
  wanted: Fields;
}

/** `status` changes only through its subresource and everything else only beside it. */
function keepServerFields(options: KeepOptions): ApiObject {
  const { resource, subresource, current, wanted, metadata } = options;
  const { namespace, uid, resourceVersion, creationTimestamp } = current.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  const kept = {
    ...metadata,
    ...(namespace !== undefined && { namespace }),
    uid,
    resourceVersion,
    creationTimestamp,
    ...(deletionTimestamp !== undefined && { deletionTimestamp, deletionGracePeriodSeconds }),
  };
  if (deletionTimestamp === undefined) Reflect.deleteProperty(kept, 'deletionTimestamp');
  const next = {
    ...wanted,
    apiVersion: current.apiVersion,
    kind: current.kind,
    metadata: kept,
  } as unknown as ApiObject;
  if (!resource.subresources.includes('status')) return next;
  if (subresource === 'status') return { ...current, metadata: next.metadata, status: next.status };
  return { ...next, status: current.status };
}
