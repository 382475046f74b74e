/** What one replica takes on at most (P9). */
export interface ClaimLimits {
  /** Claims in line for one pool, those being carried out included. */
  maxWaitingPerPool: number;
  /** Claims in line in all. */
  maxWaiting: number;
  /** The longest `waitSeconds`. */
  maxWaitSeconds: number;
}

/**
 * A waiting claim costs some 2 KiB and, over HTTP, a connection: 5,000 are 10 MiB and stay below
 * the 8,192 open files that a process often gets. Five minutes outlast a node's
 * start, and proxies commonly cut a request that is silent for longer.
 */
export const defaultClaimLimits: ClaimLimits = {
  maxWaitingPerPool: 1_000,
  maxWaiting: 5_000,
  maxWaitSeconds: 300,
};
