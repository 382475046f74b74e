/**
 * A pod as it was read, reduced to what decisions need. Small (about 250 bytes of JSON), because it
 * travels in signals and activity results and so is kept in Temporal's history.
 */
export interface PodView {
  name: string;
  uid: string;
  /** resourceVersion at which this was read: the clock of observations. */
  version: string;
  /** Value of the template label; empty when the label is missing. */
  templateHash: string;
  /** By the API server's clock, whole seconds. */
  createdAtMs: number;
  /** The Ready condition is True. */
  ready: boolean;
  /** When the Ready condition last changed, whole seconds by the kubelet's clock; absent before. */
  readyChangedAtMs?: number;
  /** The state label says `claimed`. */
  claimed: boolean;
  /** deletionTimestamp is set. */
  terminating: boolean;
  /** The pod's phase is Succeeded or Failed: no container runs or will run again. */
  ended: boolean;
  /** End of the lease of a claimed pod; absent without a lease. */
  leaseExpiresAtMs?: number;
  /** Why the holder gave it up, when it said so; the pod is being deleted then or will be at once. */
  releaseReason?: string;
  node?: string;
  /** Why it is not Ready (or has ended), in Kubernetes' own word: `Unschedulable`, `ErrImagePull`. */
  reason?: string;
  /** The message beside the reason, cut to 200 characters. */
  message?: string;
}

/** Longest `message` of a view: enough for a scheduler's sentence, small enough for history. */
export const maxViewMessageLength = 200;
