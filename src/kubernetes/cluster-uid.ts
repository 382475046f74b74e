import type { V1Namespace } from '@kubernetes/client-node';
import type { ClusterConnection } from './connection.ts';

/** The identity of a cluster: the uid of its kube-system namespace, which lives as long as it. */
export async function readClusterUid(connection: ClusterConnection): Promise<string> {
  const path = '/api/v1/namespaces/kube-system';
  const { metadata } = (await connection.send({ method: 'GET', path })) as V1Namespace;
  return metadata?.uid ?? '';
}
