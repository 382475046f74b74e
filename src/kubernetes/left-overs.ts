/** Everything in a namespace that carries our labels, by pool: what a pool leaves when it is lost. */
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { labels, managedByValue } from '../pool/labels.ts';
import type { PodView } from '../pool/pod-view.ts';
import { call, callUnlessReplaced, type ClusterConnection } from './connection.ts';
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
  const { connection, namespace } = options;
  const { items } = await call(connection.core.listNamespacedPod({ namespace, ...ours }));
  return items.map((pod) => toPoolObject('pod', pod.metadata, toPodView(pod)));
}

/** A namespace's objects with our labels, pods first. Raises `KubernetesError`. */
export async function listPoolObjects(options: Place): Promise<PoolObject[]> {
  const { connection, namespace } = options;
  const { core } = connection;
  const [pods, templates, cards] = await Promise.all([
    listPodsOfPools(options),
    call(core.listNamespacedPodTemplate({ namespace, ...ours })),
    call(core.listNamespacedConfigMap({ namespace, ...ours })),
  ]);
  return [
    ...pods,
    ...templates.items.map(({ metadata }) => toPoolObject('template', metadata, null)),
    ...cards.items.map(({ metadata }) => toPoolObject('card', metadata, null)),
  ];
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
  const { core } = connection;
  const { name, uid } = object;
  const which = { namespace, name, body: { preconditions: { uid } } };
  switch (object.kind) {
    case 'pod':
      return (await callUnlessReplaced(core.deleteNamespacedPod(which))) !== null;
    case 'template':
      return (await callUnlessReplaced(core.deleteNamespacedPodTemplate(which))) !== null;
    case 'card':
      return (await callUnlessReplaced(core.deleteNamespacedConfigMap(which))) !== null;
  }
}
