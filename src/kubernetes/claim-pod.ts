/**
 * The writes that a claim makes on its pod. Each is one conditional call on connections of its own.
 *
 * The claim is a JSON patch that tests, in the same atomic step in which it writes, that the pod is
 * the one meant, unclaimed, not being deleted and Ready. So a pod that was ever claimed was warm at
 * that moment, and an answer need not be checked again. The Ready condition is tested by its index,
 * because a condition has no key to test it by; a refusal says no more than that a test failed, and
 * the pod has to be read to learn which.
 */
import type { V1Pod } from '@kubernetes/client-node';
import { annotations, labels, podStates } from '../pool/labels.ts';
import { callIfFound, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { toKnownPod, type KnownPod, type PatchBasis } from './known-pod.ts';

/**
 * Time for one call of a claim. A patch takes 5 ms, and 100 ms on a machine under full load; after
 * 4 s the API server is restarting, and the caller is better told to come again.
 */
export const claimCallDeadlineMs = 4_000;

interface PodTarget {
  connection: ClusterConnection;
  namespace: string;
  name: string;
  uid: string;
}

/** What a claim writes on its pod. */
export interface ClaimMark {
  claimId: string;
  claimHash: string;
  holder: string | null;
  /** By the API server's clock. */
  claimedAtMs: number;
  lease: { expiresAtMs: number; seconds: number } | null;
  /** The caller's own, checked before. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** What became of a conditional write. */
export type PatchResult =
  | { outcome: 'written'; pod: KnownPod }
  /** A test failed, or the written values are invalid: nothing was changed. */
  | { outcome: 'refused'; message: string }
  /** There is no pod of that name. */
  | { outcome: 'gone' };

/** Claims a pod. Raises `KubernetesError`; without an answer the claim may have been made. */
export function patchClaim(
  options: PodTarget & { basis: PatchBasis; mark: ClaimMark },
): Promise<PatchResult> {
  const { uid, basis, mark } = options;
  const ready = `/status/conditions/${basis.readyIndex ?? 0}`;
  return patchPod(options, [
    test('/metadata/uid', uid),
    test('/metadata/deletionTimestamp', null),
    test(keyPath('labels', labels.state), podStates.unclaimed),
    test(`${ready}/type`, 'Ready'),
    test(`${ready}/status`, 'True'),
    { op: 'replace', path: keyPath('labels', labels.state), value: podStates.claimed },
    ...Object.entries({ ...mark.labels, [labels.claim]: mark.claimHash }).map(([key, value]) =>
      add(keyPath('labels', key), value),
    ),
    ...annotate(basis, { ...mark.annotations, ...annotationsOf(mark) }),
    ...dropOwners(basis),
  ]);
}

/** Moves the end of a claim's lease; refused when the lease is not as it was last read. */
export function patchLease(
  options: PodTarget & {
    claimId: string;
    /** The annotation as it was read; null when the pod has none. */
    currentExpiresAt: string | null;
    lease: { expiresAtMs: number; seconds: number };
  },
): Promise<PatchResult> {
  const { uid, claimId, currentExpiresAt, lease } = options;
  return patchPod(options, [
    test('/metadata/uid', uid),
    test('/metadata/deletionTimestamp', null),
    test(keyPath('annotations', annotations.claimId), claimId),
    test(keyPath('annotations', annotations.leaseExpiresAt), currentExpiresAt),
    ...Object.entries(leaseAnnotations(lease)).map(([key, value]) =>
      add(keyPath('annotations', key), value),
    ),
  ]);
}

/** Writes why a holder gives its pod up, for all to see before the pod is deleted. */
export function patchReleaseReason(
  options: PodTarget & { claimId: string; reason: string },
): Promise<PatchResult> {
  const { uid, claimId, reason } = options;
  return patchPod(options, [
    test('/metadata/uid', uid),
    test(keyPath('annotations', annotations.claimId), claimId),
    add(keyPath('annotations', annotations.releaseReason), reason),
  ]);
}

/** Reads a pod; null when there is none of that name and uid. */
export async function readClaimPod(options: PodTarget): Promise<KnownPod | null> {
  const { connection, uid } = options;
  const path = podPath(options);
  const pod = await callIfFound(
    connection.send({ method: 'GET', path, lane: 'claims', deadlineMs: claimCallDeadlineMs }),
  );
  const known = pod === null ? null : toKnownPod(pod as V1Pod);
  return known?.view.uid === uid ? known : null;
}

/** Pods that one claimId can have: one (P2); a page this long shows a fault instead of hiding it. */
const maxPodsOfClaim = 10;

/** The pods that carry a claim label, by a consistent list: for claims that the watch has not seen. */
export async function listClaimPods(options: {
  connection: ClusterConnection;
  namespace: string;
  claimHash: string;
}): Promise<KnownPod[]> {
  const { connection, namespace, claimHash } = options;
  const query = new URLSearchParams({
    labelSelector: `${labels.claim}=${claimHash}`,
    limit: String(maxPodsOfClaim),
  });
  const path = `/api/v1/namespaces/${namespace}/pods?${query.toString()}`;
  const answer = await connection.send({ method: 'GET', path, deadlineMs: claimCallDeadlineMs });
  return (answer as { items: V1Pod[] }).items.map(toKnownPod);
}

/**
 * Deletes a pod, under a version too if one is given. True when it is being deleted now or is gone;
 * false when it is not at that version. Raises `KubernetesError`.
 */
export async function deleteClaimPod(
  options: PodTarget & { version?: string; lane: 'claims' | 'deletes'; deadlineMs: number },
): Promise<boolean> {
  const { connection, uid, version, lane, deadlineMs } = options;
  const preconditions = { uid, ...(version === undefined ? {} : { resourceVersion: version }) };
  const path = podPath(options);
  try {
    await connection.send({ method: 'DELETE', path, body: { preconditions }, lane, deadlineMs });
    return true;
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    if (error.kind === 'notFound') return true;
    // Under the uid alone a conflict says that the name belongs to another pod: ours is gone.
    if (error.kind === 'conflict') return version === undefined;
    throw error;
  }
}

interface Operation {
  op: 'test' | 'add' | 'replace' | 'remove';
  path: string;
  value?: unknown;
}

async function patchPod(target: PodTarget, operations: Operation[]): Promise<PatchResult> {
  try {
    const pod = await target.connection.send({
      method: 'PATCH',
      path: podPath(target),
      body: operations,
      contentType: 'application/json-patch+json',
      lane: 'claims',
      deadlineMs: claimCallDeadlineMs,
    });
    return { outcome: 'written', pod: toKnownPod(pod as V1Pod) };
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    if (error.kind === 'notFound') return { outcome: 'gone' };
    if (error.kind === 'invalid') return { outcome: 'refused', message: error.message };
    throw error;
  }
}

function annotationsOf(mark: ClaimMark): Record<string, string> {
  return {
    [annotations.claimId]: mark.claimId,
    [annotations.claimedAt]: toRfc3339(mark.claimedAtMs),
    ...(mark.holder === null ? {} : { [annotations.holder]: mark.holder }),
    ...(mark.lease === null ? {} : leaseAnnotations(mark.lease)),
    // Autoscalers leave the node of a claimed pod alone.
    'karpenter.sh/do-not-disrupt': 'true',
    'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  };
}

function leaseAnnotations(lease: { expiresAtMs: number; seconds: number }): Record<string, string> {
  return {
    [annotations.leaseExpiresAt]: toRfc3339(lease.expiresAtMs),
    [annotations.leaseSeconds]: String(lease.seconds),
  };
}

/** Adds annotations; the map itself, if the pod has none, under the condition that it still has none. */
function annotate(basis: PatchBasis, values: Record<string, string>): Operation[] {
  if (!basis.hasAnnotations) {
    return [test('/metadata/annotations', null), add('/metadata/annotations', values)];
  }
  return Object.entries(values).map(([key, value]) => add(keyPath('annotations', key), value));
}

/** Takes custom resources off the owners, the last first, since each removal moves those behind it. */
function dropOwners({ customOwners }: PatchBasis): Operation[] {
  return customOwners
    .toSorted((a, b) => b.index - a.index)
    .flatMap(({ index, uid }) => [
      test(`/metadata/ownerReferences/${index}/uid`, uid),
      { op: 'remove', path: `/metadata/ownerReferences/${index}` },
    ]);
}

function test(path: string, value: unknown): Operation {
  return { op: 'test', path, value };
}

function add(path: string, value: unknown): Operation {
  return { op: 'add', path, value };
}

/** The path of a label or annotation; JSON pointers write `~` as `~0` and `/` as `~1`. */
function keyPath(map: 'labels' | 'annotations', key: string): string {
  return `/metadata/${map}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function toRfc3339(instantMs: number): string {
  return new Date(instantMs).toISOString();
}

function podPath({ namespace, name }: { namespace: string; name: string }): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}
