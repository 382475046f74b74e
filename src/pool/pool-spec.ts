/**
 * What a pool should be, as its workflow knows it: the user's document without the pod template,
 * which is stored in Kubernetes under its hash, so that no environment variable of a pod ever lands
 * in a Temporal history.
 */
export interface PoolSpec {
  /** Unclaimed Ready pods to hold. */
  warmTarget: number;
  /** Cap on all live pods of the pool, claimed ones and rollout surge included. */
  maxPods: number;
  /** Cap on pods that are starting at once. */
  maxPending: number;
  /** How long a pod may take from its creation to Ready before it is given up. */
  podReadySeconds: number;
  /** How long a pod that was Ready may be not Ready before it is replaced. */
  unreadySeconds: number;
  /** Age at which an unclaimed pod is replaced; 0: never. */
  maxAgeSeconds: number;
  /** Time unclaimed and Ready after which a pod is replaced; 0: never. */
  maxIdleSeconds: number;
  claim: {
    /** Lease of a claim that names none; 0: no lease, a claim whose reply is lost holds its pod. */
    leaseSeconds: number;
    /** The longest lease that a caller may ask for. */
    maxLeaseSeconds: number;
  };
  /** How unclaimed pods are replaced: so many beyond the target, or below it, at once. */
  rollout: { maxSurge: number; maxUnavailable: number };
  /** How soon pods are tried again whose template does not start. */
  failure: {
    /** Wait after the first failed round, twice that after the second. */
    backOffSeconds: number;
    /** Wait before the first probe of an open breaker, doubled by each that fails. */
    probeSeconds: number;
    /** Longest wait between probes. */
    maxProbeSeconds: number;
  };
  /** Identifies the template: the name of the stored PodTemplate is `<pool>-<templateHash>`. */
  templateHash: string;
}
