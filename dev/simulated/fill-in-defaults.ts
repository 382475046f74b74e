import { randomUUID } from 'node:crypto';
import { type ApiObject, type Fields, isFields, toKubernetesTime } from './api-object.ts';
import { apiVersionOf, namespaces, pods, type Resource } from './resources.ts';

interface FillInOptions {
  resource: Resource;
  body: Fields;
  namespace: string | undefined;
  nowMs: number;
}

/**
 * Turns the body of a create request into an object: metadata that only the server sets, and the
 * defaults that the real one writes into pods. The body has been checked before.
 */
export function fillInDefaults({ resource, body, namespace, nowMs }: FillInOptions): ApiObject {
  const given = isFields(body['metadata']) ? body['metadata'] : {};
  const metadata = {
    ...given,
    ...(namespace !== undefined && { namespace }),
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: toKubernetesTime(nowMs),
  };
  for (const key of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields']) {
    Reflect.deleteProperty(metadata, key);
  }
  const object = { ...body, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
  const filled = object as unknown as ApiObject;
  if (resource === namespaces) return { ...filled, status: { phase: 'Active' } };
  if (resource !== pods || !isFields(filled.spec)) return filled;
  return {
    ...filled,
    spec: podSpec(filled.spec),
    status: { phase: 'Pending', qosClass: 'Burstable' },
  };
}

function podSpec(spec: Fields): Fields {
  const containers = (spec['containers'] as Fields[]).map((container) => ({
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    ...container,
  }));
  const noExecute = { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 };
  const given = Array.isArray(spec['tolerations']) ? (spec['tolerations'] as Fields[]) : [];
  const added = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
    .filter((key) => !given.some((toleration) => toleration['key'] === key))
    .map((key) => ({ key, ...noExecute }));
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
    ...spec,
    containers,
    tolerations: [...given, ...added],
  };
}
