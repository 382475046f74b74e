/**
 * Claim records: the Lease that ties a caller's claimId to the one pod it may take, so that a claim
 * can be repeated at any replica. It is owned by that pod and goes with it.
 */
import { annotations, labels, managedByValue } from '../pool/labels.ts';
import { claimRecordName } from '../pool/names.ts';
import { claimCallDeadlineMs } from './claim-pod.ts';
import { callIfFound, type ClusterConnection, type PlainCall } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';

/** A claim record as it was read. */
export interface ClaimRecord {
  /** uid and version of the record itself: what a move is conditional on. */
  uid: string;
  version: string;
  claimId: string;
  pool: string;
  podName: string;
  podUid: string;
}

/** What a record is to say. */
export interface RecordedClaim {
  claimId: string;
  claimHash: string;
  pool: string;
  podName: string;
  podUid: string;
}

interface LeaseObject {
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    annotations?: Record<string, string>;
  };
}

interface Place {
  connection: ClusterConnection;
  namespace: string;
}

/** Reads a record; null when there is none, `foreign` when the object is not one of ours. */
export async function readClaimRecord(
  options: Place & { claimHash: string },
): Promise<ClaimRecord | 'foreign' | null> {
  const { connection, namespace, claimHash } = options;
  const path = pathOf(namespace, claimHash);
  const lease = await callIfFound(connection.send({ method: 'GET', path, ...onClaimLane }));
  return lease === null ? null : (toRecord(lease as LeaseObject) ?? 'foreign');
}

/** Creates a record; `exists` when there is one. Raises `KubernetesError`. */
export async function createClaimRecord(
  options: Place & RecordedClaim,
): Promise<ClaimRecord | 'exists'> {
  const { connection, namespace } = options;
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const call: PlainCall = { method: 'POST', path, body: leaseOf(options), ...onClaimLane };
  try {
    return written(await connection.send(call), options);
  } catch (error) {
    if (error instanceof KubernetesError && error.kind === 'alreadyExists') return 'exists';
    throw error;
  }
}

/**
 * Lets a record name another pod, if it is still the very record and version given; `changed` when
 * it is not. The uid matters: without one the API server creates a Lease that is absent.
 */
export async function moveClaimRecord(
  options: Place & RecordedClaim & { uid: string; version: string },
): Promise<ClaimRecord | 'changed'> {
  const { connection, namespace, claimHash, uid, version } = options;
  const { metadata, ...rest } = leaseOf(options);
  const body = { ...rest, metadata: { ...metadata, uid, resourceVersion: version } };
  const path = pathOf(namespace, claimHash);
  try {
    const lease = await connection.send({ method: 'PUT', path, body, ...onClaimLane });
    return written(lease, options);
  } catch (error) {
    const isChanged =
      error instanceof KubernetesError && (error.kind === 'conflict' || error.kind === 'notFound');
    if (isChanged) return 'changed';
    throw error;
  }
}

const onClaimLane = { lane: 'claims', deadlineMs: claimCallDeadlineMs } as const;

function pathOf(namespace: string, claimHash: string): string {
  const name = claimRecordName(claimHash);
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
}

function leaseOf({ claimId, claimHash, pool, podName, podUid }: RecordedClaim) {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: claimRecordName(claimHash),
      labels: { [labels.pool]: pool, [labels.managedBy]: managedByValue },
      annotations: {
        [annotations.claimId]: claimId,
        [annotations.pool]: pool,
        [annotations.podName]: podName,
        [annotations.podUid]: podUid,
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: podName, uid: podUid }],
    },
    spec: {},
  };
}

function written(lease: unknown, claim: RecordedClaim): ClaimRecord {
  const { uid, resourceVersion } = (lease as LeaseObject).metadata;
  const { claimId, pool, podName, podUid } = claim;
  return { uid, version: resourceVersion, claimId, pool, podName, podUid };
}

function toRecord({ metadata }: LeaseObject): ClaimRecord | null {
  const notes = metadata.annotations ?? {};
  const claimId = notes[annotations.claimId];
  const pool = notes[annotations.pool];
  const podName = notes[annotations.podName];
  const podUid = notes[annotations.podUid];
  if (!claimId || !pool || !podName || !podUid) return null;
  const { uid, resourceVersion: version } = metadata;
  return { uid, version, claimId, pool, podName, podUid };
}
