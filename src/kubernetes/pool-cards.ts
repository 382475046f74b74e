/** Pool cards: one ConfigMap a pool, so that API and CLI know the pools without Temporal. */
import type { PoolCard } from '../pool/actions.ts';
import { labels, managedByValue } from '../pool/labels.ts';
import { isPoolName, poolCardName } from '../pool/names.ts';
import { call, callIfFound, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';

/** The key of the card in its ConfigMap. */
export const cardDataKey = 'card.json';

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
    data: { [cardDataKey]: JSON.stringify(card) },
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

/**
 * Reads a card as it was published, by this release or another: null when it is not one. Fields that
 * an older release did not write get a value that is safe; unknown ones are dropped.
 */
export function readPoolCard(text: string | undefined): PoolCard | null {
  let given: unknown;
  try {
    given = JSON.parse(text ?? '');
  } catch {
    return null;
  }
  const card = fieldsOf(given);
  const claim = fieldsOf(card['claim']);
  if (!isPoolName(card['pool'])) return null;
  return {
    pool: card['pool'],
    namespace: textOf(card['namespace']),
    phase: textOf(card['phase']),
    why: textOf(card['why']),
    target: countOf(card['target']) ?? 0,
    templateHash: textOf(card['templateHash']),
    acceptsClaims: card['acceptsClaims'] === true,
    claim: {
      leaseSeconds: countOf(claim['leaseSeconds']) ?? 0,
      maxLeaseSeconds: countOf(claim['maxLeaseSeconds']) ?? 0,
    },
    startSecondsEstimate: countOf(card['startSecondsEstimate']),
  };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
