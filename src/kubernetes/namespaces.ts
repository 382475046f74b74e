/** The namespace that pools live in, and what bounds them there. */
import { call, callIfFound, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';

/** Creates a namespace that is missing; false when it was there. Raises `KubernetesError`. */
export async function ensureNamespace(
  connection: ClusterConnection,
  name: string,
): Promise<boolean> {
  if (await hasNamespace(connection, name)) return false;
  try {
    await call(connection.core.createNamespace({ body: { metadata: { name } } }));
    return true;
  } catch (error) {
    if (error instanceof KubernetesError && error.kind === 'alreadyExists') return false;
    throw error;
  }
}

/** Whether a namespace is there. Raises `KubernetesError`. */
export async function hasNamespace(connection: ClusterConnection, name: string): Promise<boolean> {
  return (await callIfFound(connection.core.readNamespace({ name }))) !== null;
}

/** How much of one limit of a ResourceQuota is used. */
export interface QuotaUse {
  quota: string;
  /** Like `pods` or `requests.cpu`. */
  resource: string;
  used: string;
  hard: string;
}

/** Every limit of the namespace's quotas; none where quotas are not served. Raises `KubernetesError`. */
export async function listQuotaUse(
  connection: ClusterConnection,
  namespace: string,
): Promise<QuotaUse[]> {
  const list = await callIfFound(connection.core.listNamespacedResourceQuota({ namespace }));
  return (list?.items ?? []).flatMap(({ metadata, status }) =>
    Object.entries(status?.hard ?? {}).map(([resource, hard]) => ({
      ...{ quota: metadata?.name ?? '', resource, hard },
      used: status?.used?.[resource] ?? '0',
    })),
  );
}

/** The API server's version, like `v1.37.2`. Raises `KubernetesError`. */
export async function readClusterVersion(connection: ClusterConnection): Promise<string> {
  const answer = await call(connection.send({ method: 'GET', path: '/version' }));
  return (answer as { gitVersion: string }).gitVersion;
}
