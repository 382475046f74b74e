/** Pool cards: one ConfigMap a pool, so that API and CLI know the pools without Temporal. */
import type { PoolCard } from '../pool/actions.ts';
import { labels, managedByValue } from '../pool/labels.ts';
import { poolCardName } from '../pool/names.ts';
import { call, callIfFound, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';

/** Writes a card, whether or not there is one. */
export async function publishPoolCard(options: {
  connection: ClusterConnection;
  namespace: string;
  card: PoolCard;
}): Promise<void> {
  const { connection, namespace, card } = options;
  const name = poolCardName(card.pool);
  const body = {
    metadata: { name, labels: { [labels.pool]: card.pool, [labels.managedBy]: managedByValue } },
    data: { 'card.json': JSON.stringify(card) },
  };
  try {
    await call(connection.core.replaceNamespacedConfigMap({ namespace, name, body }));
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.kind !== 'notFound') throw error;
    await call(connection.core.createNamespacedConfigMap({ namespace, body }));
  }
}

/** Removes a card; one that is gone already is fine. */
export async function deletePoolCard(options: {
  connection: ClusterConnection;
  namespace: string;
  pool: string;
}): Promise<void> {
  const { connection, namespace, pool } = options;
  await callIfFound(
    connection.core.deleteNamespacedConfigMap({ namespace, name: poolCardName(pool) }),
  );
}

/** The pools that have a card in the namespace. */
export async function listPoolsByCard(options: {
  connection: ClusterConnection;
  namespace: string;
}): Promise<string[]> {
  const { connection, namespace } = options;
  const labelSelector = `${labels.pool},${labels.managedBy}=${managedByValue}`;
  const { items } = await call(
    connection.core.listNamespacedConfigMap({ namespace, labelSelector }),
  );
  return items.flatMap((card) => card.metadata?.labels?.[labels.pool] ?? []);
}
