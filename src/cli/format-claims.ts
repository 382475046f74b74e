import type { ClaimStateAnswer } from '../client/wire/claims.ts';
import { formatTable } from './format-table.ts';

/** One line a claim, with what is left of its lease; wide: where the pod is, and since when it is held. */
export function formatClaims(options: {
  claims: ClaimStateAnswer[];
  nowMs: number;
  isWide: boolean;
}): string {
  const { claims, nowMs, isWide } = options;
  const wide = isWide ? ['NODE', 'IP', 'CLAIMED AT'] : [];
  const head = ['CLAIM', 'POOL', 'POD', 'STATE', 'HOLDER', 'LEASE', ...wide];
  const rows = claims.map(({ claimId, pool, pod, state, lost, holder, lease, claimedAt }) => [
    ...[claimId, pool, pod.name],
    lost === null ? state : `${state} (${lost.reason})`,
    ...[holder ?? '', lease === null ? 'none' : leftOf(lease.expiresAt, nowMs)],
    ...(isWide ? [pod.node ?? '', pod.ip ?? '', claimedAt ?? ''] : []),
  ]);
  return formatTable(head, rows);
}

function leftOf(expiresAt: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(expiresAt) - nowMs) / 1000);
  return seconds < 0 ? 'over' : `${seconds}s`;
}
