/** Writes the card by which API and CLI know a pool without Temporal, or clears a pool away. */
import { log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import { deletePoolCard, publishPoolCard } from '../kubernetes/pool-cards.ts';
import { sweepTemplates } from '../kubernetes/templates.ts';
import type { PoolCard } from '../pool/actions.ts';
import { callCluster } from './cluster-failure.ts';

export interface PublishPoolInput {
  pool: string;
  namespace: string;
  /** null: the pool is drained; its card and its templates go. */
  card: PoolCard | null;
}

/**
 * A pool is cleared away only this long after the attempt began. Another attempt may take over after
 * 60 s, and once that has succeeded the pool may be created again: a process that was paused for so
 * long must not look at what is there then.
 */
const clearWithinMs = 30_000;

/** Idempotent: the same card may be written again, and what is gone already is fine. */
export function createPublishPool(dependencies: {
  connection: ClusterConnection;
}): (input: PublishPoolInput) => Promise<void> {
  const { connection } = dependencies;
  return async ({ pool, namespace, card }) => {
    const startedMs = performance.now();
    if (card !== null) {
      await callCluster(() => publishPoolCard({ connection, namespace, card }));
      return;
    }
    await callCluster(() => sweepAll({ connection, namespace, pool }));
    if (performance.now() - startedMs > clearWithinMs) {
      throw ApplicationFailure.retryable(`the process was held up while it cleared ${pool} away`);
    }
    // Last, because a pool without a card counts as gone.
    await callCluster(() => deletePoolCard({ connection, namespace, pool }));
  };
}

/** Sweeps all templates of a pool that ends; without the right to do so they stay, and it is said. */
async function sweepAll(options: {
  connection: ClusterConnection;
  namespace: string;
  pool: string;
}): Promise<void> {
  try {
    await sweepTemplates({ ...options, keep: [], olderThanMs: -Infinity, nowMs: Date.now() });
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.kind !== 'forbidden') throw error;
    log.warn('the templates of a pool that ends stay', {
      pool: options.pool,
      error: error.message,
    });
  }
}
