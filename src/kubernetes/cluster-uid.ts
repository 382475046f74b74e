import { call, type ClusterConnection } from './connection.ts';

/** The identity of a cluster: the uid of its kube-system namespace, which lives as long as it. */
export async function readClusterUid(connection: ClusterConnection): Promise<string> {
  const { metadata } = await call(connection.core.readNamespace({ name: 'kube-system' }));
  return metadata?.uid ?? '';
}
