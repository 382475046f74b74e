/** Operations on pods. Every delete names the uid and the version it has judged (P4). */
import type { V1Pod, V1PodTemplateSpec } from '@kubernetes/client-node';
import { labels, managedByValue, podStates } from '../pool/labels.ts';
import { leaseGraceMs } from '../pool/leases.ts';
import type { PodView } from '../pool/pod-view.ts';
import { callIfFound, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { objectPath } from './object-path.ts';
import { toPodView } from './to-pod-view.ts';

/** Selects the pods of one pool. */
export function poolSelector(pool: string): string {
  return `${labels.pool}=${pool},${labels.managedBy}=${managedByValue}`;
}

/** The pod to create from a template: our labels win over the template's. */
export function podOf(options: {
  pool: string;
  podName: string;
  templateHash: string;
  template: V1PodTemplateSpec;
}): V1Pod {
  const { pool, podName, templateHash, template } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName,
      labels: {
        ...template.metadata?.labels,
        [labels.pool]: pool,
        [labels.state]: podStates.unclaimed,
        [labels.template]: templateHash,
        [labels.managedBy]: managedByValue,
      },
      annotations: { ...template.metadata?.annotations },
    },
    ...(template.spec ? { spec: template.spec } : {}),
  };
}

/** Creates a pod of a pool. Raises `KubernetesError`; `alreadyExists` when the name is in use. */
export async function createPod(options: {
  connection: ClusterConnection;
  namespace: string;
  pool: string;
  podName: string;
  templateHash: string;
  template: V1PodTemplateSpec;
}): Promise<PodView> {
  const { connection, namespace } = options;
  const path = objectPath({ namespace, resource: 'pods' });
  return toPodView(
    (await connection.send({ method: 'POST', path, body: podOf(options) })) as V1Pod,
  );
}

/** Reads a pod: null when there is none, `notOurs` when the name belongs to anything else. */
export async function readPod(options: {
  connection: ClusterConnection;
  namespace: string;
  name: string;
  pool: string;
}): Promise<PodView | 'notOurs' | null> {
  const { connection, namespace, name, pool } = options;
  const path = objectPath({ namespace, resource: 'pods', name });
  const pod = (await callIfFound(connection.send({ method: 'GET', path }))) as V1Pod | null;
  if (pod === null) return null;
  const isOurs =
    pod.metadata?.labels?.[labels.pool] === pool &&
    pod.metadata.labels[labels.managedBy] === managedByValue;
  return isOurs ? toPodView(pod) : 'notOurs';
}

/** Pods on one page of a list, and pages at most: 100,000 pods, far beyond any namespace of ours. */
const pageSize = 500;
const maxPages = 200;

interface PodPage {
  items: V1Pod[];
  metadata: { resourceVersion: string; continue?: string };
}

/** All pods of a pool by a consistent list: what it lacks did not exist at its version. */
export async function listPods(options: {
  connection: ClusterConnection;
  namespace: string;
  pool: string;
}): Promise<{ version: string; pods: PodView[] }> {
  const { connection, namespace, pool } = options;
  const pods: PodView[] = [];
  let after = '';
  for (let page = 0; page < maxPages; page += 1) {
    const query = {
      ...{ labelSelector: poolSelector(pool), limit: String(pageSize) },
      ...(after === '' ? {} : { continue: after }),
    };
    const path = objectPath({ namespace, resource: 'pods', query });
    const { items, metadata } = (await connection.send({ method: 'GET', path })) as PodPage;
    pods.push(...items.map(toPodView));
    after = metadata.continue ?? '';
    if (after === '') return { version: metadata.resourceVersion, pods };
  }
  throw new KubernetesError(`pool ${pool} has more than ${maxPages * pageSize} pods`, {
    kind: 'invalid',
  });
}

/** What became of the wish to end a pod. Only the first is our doing; none of them is an error. */
export type RetireOutcome =
  | { outcome: 'deleted'; pod: PodView }
  | { outcome: 'gone' }
  | { outcome: 'claimedMeanwhile'; pod: PodView }
  | { outcome: 'readyMeanwhile'; pod: PodView }
  | { outcome: 'renewedMeanwhile'; pod: PodView }
  | { outcome: 'notOurs' };

/** Rounds of read and delete: each is lost only to another write of that very pod in between. */
const maxRetireRounds = 8;

/**
 * Deletes a pod that nobody holds: reads it, judges it, and deletes it under the uid and version
 * judged, so that a claim or a renewal made in between wins. With `isLeaseOver` a claimed pod goes
 * too, if its lease is over by the API server's clock. Raises `KubernetesError`.
 */
export async function retirePod(options: {
  connection: ClusterConnection;
  namespace: string;
  name: string;
  uid: string;
  pool: string;
  onlyIfNotReady: boolean;
  isLeaseOver?: boolean;
}): Promise<RetireOutcome> {
  const { connection, namespace, name, uid, pool, onlyIfNotReady, isLeaseOver } = options;
  for (let round = 0; round < maxRetireRounds; round += 1) {
    const pod = await readPod({ connection, namespace, name, pool });
    if (pod === 'notOurs') return { outcome: 'notOurs' };
    if (pod === null || pod.uid !== uid) return { outcome: 'gone' };
    if (pod.terminating) return { outcome: 'deleted', pod };
    if (pod.claimed) {
      if (isLeaseOver !== true) return { outcome: 'claimedMeanwhile', pod };
      const overAtMs = (pod.leaseExpiresAtMs ?? Infinity) + leaseGraceMs;
      if (connection.serverNowMs() < overAtMs) return { outcome: 'renewedMeanwhile', pod };
    }
    if (onlyIfNotReady && pod.ready) return { outcome: 'readyMeanwhile', pod };
    const body = { preconditions: { uid, resourceVersion: pod.version } };
    const path = objectPath({ namespace, resource: 'pods', name });
    try {
      await connection.send({ method: 'DELETE', path, body, lane: 'deletes' });
      return { outcome: 'deleted', pod };
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      if (error.kind === 'notFound') return { outcome: 'gone' };
      if (error.kind !== 'conflict') throw error;
    }
  }
  throw new KubernetesError(
    `pod ${name} was changed ${maxRetireRounds} times while being retired`,
    {
      kind: 'conflict',
    },
  );
}
