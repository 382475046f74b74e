/** Ends one pod that nobody holds. */
import { Context } from '@temporalio/activity';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { retirePod } from '../kubernetes/pods.ts';
import type { RetireResult } from '../pool/actions.ts';
import type { ActivityMetrics } from './activity-metrics.ts';
import { assertCluster, callCluster } from './cluster-failure.ts';
import { FairGate } from './fair-gate.ts';
import { handOver } from './hand-over.ts';
import { keepBeating } from './keep-beating.ts';

export interface RetirePodInput {
  pool: string;
  namespace: string;
  cluster: string | null;
  podName: string;
  /** The pod that is meant; a namesake is left alone (P4). */
  uid: string;
  /** Leave it if it turned Ready meanwhile. */
  onlyIfNotReady: boolean;
  /** Retire it although it is claimed, if its lease is over; older releases leave this out. */
  isLeaseOver?: boolean;
  /** Why, for the metrics; older releases leave this out. */
  reason?: string;
}

/**
 * Retirements at once, as many as the connection carries deletes: a pool that shrinks by hundreds
 * takes the API server neither from claims nor from the creates of another pool.
 */
const maxRetirements = 6;

/** Idempotent: a pod that is gone or being deleted already is a success. */
export function createRetirePod(dependencies: {
  connection: ClusterConnection;
  clusterUid: string;
  metrics: ActivityMetrics;
}): (input: RetirePodInput) => Promise<RetireResult> {
  const { connection, clusterUid, metrics } = dependencies;
  const gate = new FairGate(maxRetirements);
  return async ({ pool, namespace, cluster, podName: name, uid, ...conditions }) => {
    assertCluster(cluster, clusterUid);
    const onlyIfNotReady = conditions.onlyIfNotReady;
    const isLeaseOver = conditions.isLeaseOver === true;
    const pod = { connection, namespace, name, uid, pool, onlyIfNotReady, isLeaseOver };
    const { cancellationSignal } = Context.current();
    try {
      const retire = (): Promise<RetireResult> => callCluster(() => retirePod(pod));
      const result = await keepBeating(() => gate.pass(pool, cancellationSignal, retire));
      metrics.countRetirement(pool, conditions.reason ?? 'unknown', result.outcome);
      return result;
    } catch (error) {
      throw handOver(error);
    }
  };
}
