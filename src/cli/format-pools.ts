/** Pools as text for a terminal. */
import { formatTable } from './format-table.ts';
import type { ShownPool } from './shown-pool.ts';

/** One line a pool; `wide` adds where it lives, its template and why it is in its phase. */
export function formatPools(pools: ShownPool[], wide: boolean): string {
  const head = ['NAME', 'PHASE', 'TARGET', 'WARM', 'PENDING', 'CLAIMED'];
  const rows = pools.map((pool) => [
    ...[pool.pool, pool.phase, pool.target, pool.warm, pool.pending, pool.claimed],
    ...(wide ? [pool.retiring, pool.namespace, pool.templateHash, pool.why] : []),
  ]);
  return formatTable(
    [...head, ...(wide ? ['RETIRING', 'NAMESPACE', 'TEMPLATE', 'WHY'] : [])],
    rows,
  );
}

/** A line of a description; without a value it is left out. */
type Field = [name: string, value: string | number | null];

function failureFields(failures: ShownPool['failures'] | null): Field[] {
  if (!failures) return [];
  const { consecutive, lastReason, lastMessage, nextAttemptAtMs, breaker, sinceMs } = failures;
  return [
    ['Failures', consecutive],
    ['Failing since', sinceMs && new Date(sinceMs).toISOString()],
    ['Breaker', breaker === 'closed' ? null : breaker === 'open' ? 'open' : 'half-open'],
    ['Last failure', lastReason && `${lastReason}: ${lastMessage ?? ''}`],
    ['Next attempt', nextAttemptAtMs && new Date(nextAttemptAtMs).toISOString()],
  ];
}

/** What others did to the pool's pods, and what holds it back without its template's fault. */
function disturbanceFields({ disturbances, quota, releases }: ShownPool): Field[] {
  const { count = 0, lastPod, lastReason, lastAtMs } = disturbances ?? {};
  const when = lastAtMs ? ` at ${new Date(lastAtMs).toISOString()}` : '';
  const taken = `${count}, last ${lastPod ?? ''}${lastReason ? ` (${lastReason})` : ''}${when}`;
  const given = releases
    ? `${releases.count}, last ${releases.lastPod ?? ''} (${releases.lastReason ?? ''})`
    : '';
  return [
    ['Taken away', count > 0 ? taken : null],
    ['Given up', releases && releases.count > 0 ? given : null],
    ['Quota', quota ? quota.message : null],
  ];
}

/** Who changed the target, and when; older workers do not tell. */
function targetFields({ targetChanges = [] }: ShownPool): Field[] {
  return targetChanges.map(({ atMs, from, to, by }) => [
    'Target set',
    `${from} to ${to} at ${new Date(atMs).toISOString()} by ${by ?? 'a message without a name'}`,
  ]);
}

/** How far a new template has come. */
function rolloutFields({
  templateHash,
  stale,
  previousTemplateHash,
  warm,
  target,
}: ShownPool): Field[] {
  const isDone = stale === 0;
  return [
    ['Template', templateHash],
    ['Before', previousTemplateHash ?? null],
    [
      'Rollout',
      isDone ? null : `${stale} unclaimed pods of older templates left, ${warm} of ${target} warm`,
    ],
  ];
}

/** A pool in full: its condition, what failed last, and every pod with its reason. */
export function formatPool(status: ShownPool): string {
  const { failures = null, lastRefusal = null, spec = null } = status;
  const fields: Field[] = [
    ['Name', status.pool],
    ['Namespace', status.namespace],
    ['Phase', status.phase],
    ['Why', status.why],
    ['To do', status.toDo ?? null],
    ['Target', status.target],
    ...targetFields(status),
    ['Warm', status.warm],
    ['Pending', status.pending],
    ['Claimed', status.claimed],
    ['Retiring', status.retiring],
    ['Demand', status.demand ?? null],
    ...rolloutFields(status),
    [
      'Limits',
      spec &&
        `${spec.maxPods} pods, ${spec.maxPending} pending, Ready in ${spec.podReadySeconds} s`,
    ],
    ...failureFields(failures),
    ...disturbanceFields(status),
    [
      'Last refusal',
      lastRefusal && `${new Date(lastRefusal.atMs).toISOString()}: ${lastRefusal.message}`,
    ],
  ];
  const lines = fields.flatMap(([name, value]) =>
    value === null ? [] : [`${`${name}:`.padEnd(15)}${value}`],
  );
  const pods = status.pods.map(({ name, phase, ageMs, node, reason }) => [
    ...[name, phase, `${Math.round(ageMs / 1000)}s`, node ?? '', reason ?? ''],
  ]);
  const table = formatTable(['POD', 'PHASE', 'AGE', 'NODE', 'REASON'], pods);
  return [...lines, '', pods.length > 0 ? table : 'No pods.'].join('\n');
}
