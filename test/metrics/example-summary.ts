/** What an API replica knows of a pool. */
import type { PoolSummary } from '../../src/claims/claim.ts';

/** A full pool of three warm pods, with one more claimed. */
export function exampleSummary(pool: string): PoolSummary {
  return {
    ...{ pool, namespace: 'n', phase: 'Steady', why: '', target: 3, templateHash: 'h', labels: {} },
    ...{ acceptsClaims: true, claim: { leaseSeconds: 60, maxLeaseSeconds: 60 } },
    ...{ startSecondsEstimate: null, warm: 3, pending: 0, claimed: 1, terminating: 0, stale: 0 },
    waiting: 0,
  };
}
