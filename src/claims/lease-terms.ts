/** How long a lease may be. */
import type { PoolCard } from '../pool/actions.ts';
import { ClaimError } from './claim-error.ts';

/**
 * The lease of a claim in whole seconds: what was asked for, else the pool's own; null for a pool
 * without leases. Raises `leaseNotAllowed` above the pool's limit.
 */
export function leaseTerms(card: PoolCard, asked: number | undefined): number | null {
  const { leaseSeconds, maxLeaseSeconds } = card.claim;
  if (asked === undefined) return leaseSeconds > 0 ? leaseSeconds : null;
  if (asked <= maxLeaseSeconds) return asked;
  const allowed =
    maxLeaseSeconds === 0
      ? `Pool ${card.pool} has no leases`
      : `Pool ${card.pool} allows leases of at most ${maxLeaseSeconds} s`;
  throw new ClaimError('leaseNotAllowed', `${allowed}, got leaseSeconds ${asked}`, {
    details: { maxLeaseSeconds },
  });
}
