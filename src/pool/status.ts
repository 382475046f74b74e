/** What a pool is doing, in one word. */
export type PoolPhase = 'Filling' | 'Steady' | 'Degraded' | 'Paused' | 'Draining' | 'Drained';

/** A pool as shown to people: the answer of the `status` query, of CLI and API. */
export interface PoolStatus {
  pool: string;
  namespace: string;
  phase: PoolPhase;
  /** Why it is in this phase, in one sentence that a person can act on. */
  why: string;
  /** Warm pods wanted. */
  target: number;
  warm: number;
  pending: number;
  claimed: number;
  retiring: number;
  /** Claims that wait for a pod, by the replicas' latest reports. */
  demand: number;
  /** Unclaimed pods made from another template than the current one. */
  stale: number;
  templateHash: string;
  failures: {
    /** Spawns that failed since the last pod became warm. */
    consecutive: number;
    lastReason: string | null;
    lastMessage: string | null;
    lastAtMs: number | null;
    /** No spawn before this; null when nothing is held back. */
    nextAttemptAtMs: number | null;
  };
  /** The last message from outside that was refused, so that its sender finds out why. */
  lastRefusal: { atMs: number; message: string } | null;
  /** Pods that exist or are being made, oldest first. */
  pods: PodStatus[];
  spec: { maxPods: number; maxPending: number; podReadySeconds: number };
}

/** One pod as shown to people. */
export interface PodStatus {
  name: string;
  uid: string | null;
  phase: 'pending' | 'warm' | 'unready' | 'claimed' | 'retiring';
  node: string | null;
  ageMs: number;
  /** Why it is not Ready, or why it is being retired. */
  reason: string | null;
}
