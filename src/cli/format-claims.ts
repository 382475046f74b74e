import type { ClaimStateAnswer } from '../client/wire/claims.ts';
import { formatTable } from './format-table.ts';

/** One line a claim, with what is left of its lease. */
export function formatClaims(claims: ClaimStateAnswer[], nowMs: number): string {
  const head = ['CLAIM', 'POOL', 'POD', 'STATE', 'HOLDER', 'LEASE'];
  const rows = claims.map(({ claimId, pool, pod, state, lost, holder, lease }) => [
    ...[claimId, pool, pod.name],
    lost === null ? state : `${state} (${lost.reason})`,
    ...[holder ?? '', lease === null ? 'none' : leftOf(lease.expiresAt, nowMs)],
  ]);
  return formatTable(head, rows);
}

function leftOf(expiresAt: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(expiresAt) - nowMs) / 1000);
  return seconds < 0 ? 'over' : `${seconds}s`;
}
