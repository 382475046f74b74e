/**
 * A pod as claims need it. The view travels in Temporal's signals and stays small; what only claims
 * look at is kept beside it and never leaves the process.
 */
import type { V1Pod } from '@kubernetes/client-node';
import { annotations, labels } from '../pool/labels.ts';
import type { PodView } from '../pool/pod-view.ts';
import { toPodView } from './to-pod-view.ts';

/** A pod of a pool, as it was read. */
export interface KnownPod {
  pool: string;
  view: PodView;
  facts: ClaimFacts;
}

/** What claims need of a pod beyond its view. Null stands for what the pod does not carry. */
export interface ClaimFacts {
  ip: string | null;
  /** The value of the claim label: the index by which the pod of a claim is found. */
  claimHash: string | null;
  claimId: string | null;
  holder: string | null;
  /** RFC 3339. */
  claimedAt: string | null;
  /** The end of the lease as it was written, RFC 3339. */
  leaseExpiresAt: string | null;
  /** The length of the lease that the claim was given. */
  leaseSeconds: number | null;
  /** Why the holder released it. */
  releaseReason: string | null;
  basis: PatchBasis;
}

/** Where in the pod a claim's patch finds what it tests and changes. */
export interface PatchBasis {
  /** Index of the Ready condition among the status conditions; null without one. */
  readyIndex: number | null;
  /** Whether there is a map of annotations to add to: the API server drops an empty one. */
  hasAnnotations: boolean;
  /** Owners that are custom resources: a claimed pod must not die with them. */
  customOwners: { index: number; uid: string }[];
}

/** Reads a pod as it came from the API server, as plain JSON or typed. */
export function toKnownPod(pod: V1Pod): KnownPod {
  const { metadata = {}, status = {} } = pod;
  const notes = metadata.annotations ?? {};
  const readyIndex = status.conditions?.findIndex(({ type }) => type === 'Ready') ?? -1;
  const leaseSeconds = Number(notes[annotations.leaseSeconds]);
  return {
    pool: metadata.labels?.[labels.pool] ?? '',
    view: toPodView(pod),
    facts: {
      ip: status.podIP ?? null,
      claimHash: metadata.labels?.[labels.claim] ?? null,
      claimId: notes[annotations.claimId] ?? null,
      holder: notes[annotations.holder] ?? null,
      claimedAt: notes[annotations.claimedAt] ?? null,
      leaseExpiresAt: notes[annotations.leaseExpiresAt] ?? null,
      leaseSeconds: leaseSeconds > 0 ? leaseSeconds : null,
      releaseReason: notes[annotations.releaseReason] ?? null,
      basis: {
        readyIndex: readyIndex < 0 ? null : readyIndex,
        hasAnnotations: metadata.annotations !== undefined,
        customOwners: customOwnersOf(pod),
      },
    },
  };
}

/** Kubernetes' own groups have no dot (`apps`) or end in `.k8s.io`; all others are custom. */
function customOwnersOf({ metadata }: V1Pod): PatchBasis['customOwners'] {
  return (metadata?.ownerReferences ?? []).flatMap(({ apiVersion, uid }, index) => {
    const [group = ''] = apiVersion.split('/');
    const isCustom = apiVersion.includes('/') && group.includes('.') && !group.endsWith('.k8s.io');
    return isCustom ? [{ index, uid }] : [];
  });
}
