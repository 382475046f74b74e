/** Ends one pod that nobody holds. */
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { retirePod } from '../kubernetes/pods.ts';
import type { RetireResult } from '../pool/actions.ts';
import { assertCluster, callCluster } from './cluster-failure.ts';

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
}

/** Idempotent: a pod that is gone or being deleted already is a success. */
export function createRetirePod(dependencies: {
  connection: ClusterConnection;
  clusterUid: string;
}): (input: RetirePodInput) => Promise<RetireResult> {
  return async ({ pool, namespace, cluster, podName, uid, onlyIfNotReady, isLeaseOver }) => {
    assertCluster(cluster, dependencies.clusterUid);
    return callCluster(() =>
      retirePod({
        connection: dependencies.connection,
        namespace,
        name: podName,
        uid,
        pool,
        onlyIfNotReady,
        isLeaseOver: isLeaseOver === true,
      }),
    );
  };
}
