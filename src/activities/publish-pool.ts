/** Writes or removes the card by which API and CLI know a pool without Temporal. */
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { deletePoolCard, publishPoolCard } from '../kubernetes/pool-cards.ts';
import type { PoolCard } from '../pool/actions.ts';
import { callCluster } from './cluster-failure.ts';

export interface PublishPoolInput {
  pool: string;
  namespace: string;
  /** null: the pool is drained and its card goes. */
  card: PoolCard | null;
}

/** Idempotent: the same card may be written again. */
export function createPublishPool(dependencies: {
  connection: ClusterConnection;
}): (input: PublishPoolInput) => Promise<void> {
  const { connection } = dependencies;
  return ({ pool, namespace, card }) =>
    callCluster(() =>
      card === null
        ? deletePoolCard({ connection, namespace, pool })
        : publishPoolCard({ connection, namespace, card }),
    );
}
