/** The namespace that pools live in, and what bounds them there. */
import type { V1ResourceQuota } from '@kubernetes/client-node';
import { callIfFound, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { objectPath } from './object-path.ts';

/** Creates a namespace that is missing; false when it was there. Raises `KubernetesError`. */
export async function ensureNamespace(
  connection: ClusterConnection,
  name: string,
): Promise<boolean> {
  if (await hasNamespace(connection, name)) return false;
  try {
    const body = { metadata: { name } };
    await connection.send({ method: 'POST', path: '/api/v1/namespaces', body });
    return true;
  } catch (error) {
    if (error instanceof KubernetesError && error.kind === 'alreadyExists') return false;
    throw error;
  }
}

/** Whether a namespace is there. Raises `KubernetesError`. */
export async function hasNamespace(connection: ClusterConnection, name: string): Promise<boolean> {
  const path = `/api/v1/namespaces/${encodeURIComponent(name)}`;
  return (await callIfFound(connection.send({ method: 'GET', path }))) !== null;
}

/** How much of one limit of a ResourceQuota is used. */
export interface QuotaUse {
  quota: string;
  /** Like `pods` or `requests.cpu`. */
  resource: string;
  used: string;
  hard: string;
}

interface QuotaList {
  items: V1ResourceQuota[];
}

/** Every limit of the namespace's quotas; none where quotas are not served. Raises `KubernetesError`. */
export async function listQuotaUse(
  connection: ClusterConnection,
  namespace: string,
): Promise<QuotaUse[]> {
  const path = objectPath({ namespace, resource: 'resourcequotas' });
  const list = (await callIfFound(connection.send({ method: 'GET', path }))) as QuotaList | null;
  return (list?.items ?? []).flatMap(({ metadata, status }) =>
    Object.entries(status?.hard ?? {}).map(([resource, hard]) => ({
      ...{ quota: metadata?.name ?? '', resource, hard },
      used: status?.used?.[resource] ?? '0',
    })),
  );
}

/** The API server's version, like `v1.37.2`. Raises `KubernetesError`. */
export async function readClusterVersion(connection: ClusterConnection): Promise<string> {
  const answer = await connection.send({ method: 'GET', path: '/version' });
  return (answer as { gitVersion: string }).gitVersion;
}
