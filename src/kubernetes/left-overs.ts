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

/** A namespace's objects with our labels, pods first. Raises `KubernetesError`. */
export async function listPoolObjects(options: {
  connection: ClusterConnection;
  namespace: string;
}): Promise<PoolObject[]> {
  const { connection, namespace } = options;
  const { core } = connection;
  const ours = { namespace, labelSelector: `${labels.pool},${labels.managedBy}=${managedByValue}` };
  const [pods, templates, cards] = await Promise.all([
    call(core.listNamespacedPod(ours)),
    call(core.listNamespacedPodTemplate(ours)),
    call(core.listNamespacedConfigMap(ours)),
  ]);
  return [
    ...pods.items.map((pod) => toPoolObject('pod', pod.metadata, toPodView(pod))),
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
