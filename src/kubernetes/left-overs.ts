/** Everything in a namespace that carries our labels, by pool: what a pool leaves when it is lost. */
import type { V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import { labels, managedByValue } from '../pool/labels.ts';
import type { PodView } from '../pool/pod-view.ts';
import { callUnlessReplaced, type ClusterConnection } from './connection.ts';
import { objectPath } from './object-path.ts';
import { toPodView } from './to-pod-view.ts';

/** One object of a pool. Only a pod can be claimed. */
export interface PoolObject {
  kind: 'pod' | 'template' | 'card';
  name: string;
  uid: string;
  pool: string;
  createdAtMs: number;
  pod: PodView | null;
}

interface Place {
  connection: ClusterConnection;
  namespace: string;
}

const ours = { labelSelector: `${labels.pool},${labels.managedBy}=${managedByValue}` };

/** A namespace's pods with our labels. Raises `KubernetesError`. */
export async function listPodsOfPools(options: Place): Promise<PoolObject[]> {
  const pods = (await list(options, 'pod')) as V1Pod[];
  return pods.map((pod) => toPoolObject('pod', pod.metadata, toPodView(pod)));
}

/** A namespace's objects with our labels, pods first. Raises `KubernetesError`. */
export async function listPoolObjects(options: Place): Promise<PoolObject[]> {
  const [pods, templates, cards] = await Promise.all([
    listPodsOfPools(options),
    list(options, 'template'),
    list(options, 'card'),
  ]);
  return [
    ...pods,
    ...templates.map(({ metadata }) => toPoolObject('template', metadata, null)),
    ...cards.map(({ metadata }) => toPoolObject('card', metadata, null)),
  ];
}

/** What the objects are in Kubernetes. */
const resources = { pod: 'pods', template: 'podtemplates', card: 'configmaps' } as const;

async function list(
  { connection, namespace }: Place,
  kind: PoolObject['kind'],
): Promise<{ metadata: V1ObjectMeta }[]> {
  const path = objectPath({ namespace, resource: resources[kind], query: ours });
  const answer = await connection.send({ method: 'GET', path });
  return (answer as { items: { metadata: V1ObjectMeta }[] }).items;
}

function toPoolObject(
  kind: PoolObject['kind'],
  metadata: V1ObjectMeta = {},
  pod: PodView | null,
): PoolObject {
  const { name = '', uid = '', labels: its = {}, creationTimestamp } = metadata;
  const createdAtMs = new Date(creationTimestamp ?? 0).getTime();
  return { kind, name, uid, pool: its[labels.pool] ?? '', createdAtMs, pod };
}

/** Deletes the object that was listed, and no namesake. False when it was gone already. */
export async function deletePoolObject(options: {
  connection: ClusterConnection;
  namespace: string;
  object: PoolObject;
}): Promise<boolean> {
  const { connection, namespace, object } = options;
  const { kind, name, uid } = object;
  const path = objectPath({ namespace, resource: resources[kind], name });
  const body = { preconditions: { uid } };
  return (await callUnlessReplaced(connection.send({ method: 'DELETE', path, body }))) !== null;
}
