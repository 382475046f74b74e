/** Pool cards: one ConfigMap a pool, so that API and CLI know the pools without Temporal. */
import type { V1ConfigMap } from '@kubernetes/client-node';
import type { PoolCard } from '../pool/actions.ts';
import { labels, managedByValue } from '../pool/labels.ts';
import { repairPoolLabels } from '../pool/pool-labels.ts';
import { isPoolName, poolCardName } from '../pool/names.ts';
import { callIfFound, callUnlessReplaced, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { objectPath } from './object-path.ts';

/** The key of the card in its ConfigMap. */
export const cardDataKey = 'card.json';

/** Rounds of replace and create: each is lost only to another who creates or deletes it in between. */
const maxPublishRounds = 5;

/** Writes a card, whether or not there is one, and whoever else does so too. Raises `KubernetesError`. */
export async function publishPoolCard(options: {
  connection: ClusterConnection;
  namespace: string;
  card: PoolCard;
}): Promise<void> {
  const { connection, namespace, card } = options;
  const name = poolCardName(card.pool);
  const path = objectPath({ namespace, resource: 'configmaps', name });
  const body = {
    metadata: { name, labels: { [labels.pool]: card.pool, [labels.managedBy]: managedByValue } },
    data: { [cardDataKey]: JSON.stringify(card) },
  };
  for (let round = 0; round < maxPublishRounds; round += 1) {
    const replaced = await callIfFound(connection.send({ method: 'PUT', path, body }));
    if (replaced !== null) return;
    try {
      const folder = objectPath({ namespace, resource: 'configmaps' });
      await connection.send({ method: 'POST', path: folder, body });
      return;
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.kind !== 'alreadyExists') throw error;
    }
  }
  throw new KubernetesError(`the card ${name} was created and deleted ${maxPublishRounds} times`, {
    kind: 'conflict',
  });
}

/**
 * Removes the card that is there now; one that is gone already is fine. The delete names the uid that
 * was read, so the card of a pool that is created again meanwhile stays. Raises `KubernetesError`.
 */
export async function deletePoolCard(options: {
  connection: ClusterConnection;
  namespace: string;
  pool: string;
}): Promise<void> {
  const { connection, namespace, pool } = options;
  const name = poolCardName(pool);
  const path = objectPath({ namespace, resource: 'configmaps', name });
  const found = await callIfFound(connection.send({ method: 'GET', path }));
  const { uid, labels: its } = (found as V1ConfigMap | null)?.metadata ?? {};
  if (uid === undefined || its?.[labels.managedBy] !== managedByValue) return;
  const body = { preconditions: { uid } };
  await callUnlessReplaced(connection.send({ method: 'DELETE', path, body }));
}

/** The pools that have a card in the namespace. */
export async function listPoolsByCard(options: {
  connection: ClusterConnection;
  namespace: string;
}): Promise<string[]> {
  const items = await listCards(options);
  return items.flatMap((card) => card.metadata?.labels?.[labels.pool] ?? []);
}

/** The cards of a namespace that can be read, by pool. Raises `KubernetesError`. */
export async function listPoolCards(options: {
  connection: ClusterConnection;
  namespace: string;
}): Promise<PoolCard[]> {
  const { namespace } = options;
  const items = await listCards(options);
  return items
    .flatMap(({ metadata, data }) => {
      const card = readPoolCard(data?.[cardDataKey]);
      const isNamedForIt = card !== null && metadata?.name === poolCardName(card.pool);
      // Where it was found counts, not where it says that it lies.
      return isNamedForIt ? [{ ...card, namespace }] : [];
    })
    .sort((a, b) => (a.pool < b.pool ? -1 : 1));
}

async function listCards(options: {
  connection: ClusterConnection;
  namespace: string;
}): Promise<V1ConfigMap[]> {
  const { connection, namespace } = options;
  const query = { labelSelector: `${labels.pool},${labels.managedBy}=${managedByValue}` };
  const path = objectPath({ namespace, resource: 'configmaps', query });
  return ((await connection.send({ method: 'GET', path })) as { items: V1ConfigMap[] }).items;
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
    labels: repairPoolLabels(card['labels']),
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
