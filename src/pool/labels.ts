/**
 * The names that Pilotlight writes on Kubernetes objects. Dashboards, admission policies and people
 * rely on them, so they are never renamed.
 */

const prefix = 'pilotlight.dev';

/** Label keys. Values must fit Kubernetes' 63 characters. */
export const labels = {
  /** The pool that a pod, template or card belongs to. */
  pool: `${prefix}/pool`,
  /** `unclaimed` or `claimed`: with the deletionTimestamp the only truth about a claim. */
  state: `${prefix}/state`,
  /** The templateHash that a pod was made from. */
  template: `${prefix}/template`,
  /** A hash of the claimId, so that the pod of a claim is found by one label selector. */
  claim: `${prefix}/claim`,
  /** On a pool's document and card: the name of its shape, as its callers know it. */
  shape: `${prefix}/shape`,
  /** On a pool's document and card: the image of its pods; the first container's unless given. */
  image: `${prefix}/image`,
  /** Kubernetes' own key for the tool that manages an object. */
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** Annotation keys. Instants are RFC 3339. */
export const annotations = {
  claimId: `${prefix}/claim-id`,
  holder: `${prefix}/holder`,
  claimedAt: `${prefix}/claimed-at`,
  leaseExpiresAt: `${prefix}/lease-expires-at`,
  /** Whole seconds: how long a renewal that names no other time makes the lease. */
  leaseSeconds: `${prefix}/lease-seconds`,
  /** Why a holder gave its pod up, written before the pod is deleted: `unhealthy`, for example. */
  releaseReason: `${prefix}/release-reason`,
  /** On a claim record: the pool, and the one pod that the claimId may take. */
  pool: `${prefix}/pool`,
  podName: `${prefix}/pod-name`,
  podUid: `${prefix}/pod-uid`,
} as const;

/** The value of the managed-by label on everything that Pilotlight creates. */
export const managedByValue = 'pilotlight';

/** Values of the state label. */
export const podStates = { unclaimed: 'unclaimed', claimed: 'claimed' } as const;

/** Keys under this prefix are ours: templates and callers may not set them. */
export const reservedPrefix = `${prefix}/`;
