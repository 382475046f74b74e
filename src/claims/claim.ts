/** What callers of claims give and get: plain data, the same over HTTP and in TypeScript. */

/** A wish for one pod. */
export interface ClaimRequest {
  pool: string;
  /**
   * The caller's own name for the claim, its idempotency key: whoever repeats it, at whichever
   * replica, gets the same pod. Without one the claim can't be repeated and costs one write less.
   */
  claimId?: string;
  /** Time to wait in line while no pod is warm; 0 answers at once. */
  waitSeconds: number;
  /** The pool's `claim.leaseSeconds` unless given; at most its `claim.maxLeaseSeconds`. */
  leaseSeconds?: number;
  /** Who holds it, for people to read. */
  holder?: string;
  /** Written onto the pod; keys of our own are refused. */
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** The pod of a claim. */
interface ClaimedPod {
  name: string;
  namespace: string;
  uid: string;
  ip: string | null;
  node: string | null;
}

/** The end of a claim unless it is renewed before; null stands for a claim without an end. */
export interface ClaimLease {
  /** RFC 3339, by the API server's clock. */
  expiresAt: string;
  /** How long the lease is from a renewal that names no other time. */
  seconds: number;
}

/** A claim that holds its pod. */
export interface Claim {
  claimId: string;
  pool: string;
  /** The pod was there when the claim came: it never parked in line. */
  hit: boolean;
  /** Time in line; 0 for a hit. */
  waitedMs: number;
  pod: ClaimedPod;
  lease: ClaimLease | null;
}

/** A claim as its pod shows it. */
export interface ClaimState extends Omit<Claim, 'hit' | 'waitedMs'> {
  /** `lost`: the pod failed, is being deleted or vanished without a release. */
  state: 'held' | 'lost';
  holder: string | null;
  /** RFC 3339. */
  claimedAt: string | null;
  lost: { reason: string; message: string } | null;
}

/** What a release leaves. */
export interface ReleasedClaim {
  claimId: string;
  pool: string;
  /** Why the holder gave the pod up, if it said so. */
  reason: string | null;
  /** It had ended before: this release changed nothing. */
  hadEnded: boolean;
}

/** How many claims of one pool wait at this replica; the pool starts pods for them. */
export interface DemandReport {
  waiting: number;
  /** The newest pod version that this replica knows, those of its claims included. */
  version: string;
  /** The report counts until then: a replica that died demands nothing for long. */
  expiresAtMs: number;
}

/** A pool as its card and its pods show it, without Temporal. */
export interface PoolSummary {
  pool: string;
  namespace: string;
  phase: string;
  /** What is wrong, in one sentence; empty while nothing is. */
  why: string;
  target: number;
  templateHash: string;
  /** What kind of pod it holds. */
  labels: Record<string, string>;
  acceptsClaims: boolean;
  claim: { leaseSeconds: number; maxLeaseSeconds: number };
  startSecondsEstimate: number | null;
  warm: number;
  /** Unclaimed pods that are not Ready. */
  pending: number;
  claimed: number;
  /** Pods that are being deleted. */
  terminating: number;
  /** Unclaimed pods of another template than the current one. */
  stale: number;
  /** Claims that wait in line at this replica. */
  waiting: number;
}
