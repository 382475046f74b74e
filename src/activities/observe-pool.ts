/** Lists a pool's pods consistently, and sweeps templates that nothing names any more. */
import { log } from '@temporalio/activity';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { listPods } from '../kubernetes/pods.ts';
import { sweepTemplates } from '../kubernetes/templates.ts';
import type { Observation } from '../pool/observation.ts';
import { assertCluster, callCluster } from './cluster-failure.ts';
import { keepBeating } from './keep-beating.ts';

export interface ObservePoolInput {
  pool: string;
  namespace: string;
  /** null in a new life, which learns the cluster from the answer. */
  cluster: string | null;
  /** Hashes that are in use. */
  keepTemplates: string[];
}

/** Age below which a template is never swept: `apply` stores it before the pool knows of it. */
const sweepAfterMs = 3_600_000;

/** A complete observation at the version of a consistent list. */
export function createObservePool(dependencies: {
  connection: ClusterConnection;
  clusterUid: string;
}): (input: ObservePoolInput) => Promise<Observation> {
  const { connection, clusterUid } = dependencies;
  return (input) => keepBeating(() => observe(input));

  async function observe(input: ObservePoolInput): Promise<Observation> {
    const { pool, namespace, cluster, keepTemplates } = input;
    assertCluster(cluster, clusterUid);
    const { version, pods } = await callCluster(() => listPods({ connection, namespace, pool }));
    try {
      const nowMs = Date.now();
      const sweep = { keep: keepTemplates, olderThanMs: sweepAfterMs, nowMs };
      await sweepTemplates({ connection, namespace, pool, ...sweep });
    } catch (error) {
      // Left-over templates are harmless and the next list sweeps again; the list must not wait.
      log.warn('templates were not swept', { pool, error: String(error) });
    }
    return { cluster: clusterUid, version, pods, gone: [], complete: true };
  }
}
