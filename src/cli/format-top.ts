import { formatTable } from './format-table.ts';
import type { ShownPool } from './shown-pool.ts';

/** Longest reason: a row must fit into a terminal. */
const maxReasonLength = 60;

/** A live view's table: one row a pool. `pending` tells the age of the oldest. */
export function formatTop(pools: ShownPool[]): string {
  const head = ['NAME', 'PHASE', 'TARGET', 'WARM', 'PENDING', 'CLAIMED', 'DEMAND', 'REASON'];
  return formatTable(
    head,
    pools.map((pool) => [
      ...[pool.pool, pool.phase, pool.target, pool.warm, pendingOf(pool), pool.claimed],
      ...[pool.demand ?? '', reasonOf(pool)],
    ]),
  );
}

function pendingOf({ pending, pods }: ShownPool): string {
  const ages = pods.filter(({ phase }) => phase === 'pending').map(({ ageMs }) => ageMs);
  return ages.length === 0
    ? String(pending)
    : `${pending} (${formatSeconds(Math.max(...ages) / 1000)})`;
}

/** The last failure in the cluster's own words, else why the pool is not at its target. */
function reasonOf({ failures, quota, phase, why }: ShownPool): string {
  const text = failures?.lastReason
    ? `${failures.lastReason}: ${failures.lastMessage ?? ''}`
    : (quota?.message ?? (phase === 'Steady' ? '' : why));
  return text.replaceAll(/\s+/g, ' ').slice(0, maxReasonLength);
}

/** `42s`, `7m` or `3h`. */
function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)}s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)}m` : `${Math.round(seconds / 3_600)}h`;
}
