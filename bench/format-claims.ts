import { formatTable } from '../dev/format-table.ts';
import type { ClaimsReport } from './claims-report.ts';
import { formatCpu } from './format-cpu.ts';
import type { Percentiles } from './statistics.ts';

/** A load of claims as people read it. */
export function formatClaims(report: ClaimsReport): string {
  const { claims, floor, ratio, ratePerSecond, poolSize, cluster, replicas } = report;
  const pace = ratePerSecond === null ? 'at once' : `at ${ratePerSecond} a second`;
  const named = report.claimIds ? ' with claimIds' : '';
  const row = (name: string, { p50Ms, p90Ms, p99Ms, maxMs }: Percentiles): (string | number)[] => [
    name,
    p50Ms,
    p90Ms,
    p99Ms,
    maxMs,
  ];
  return [
    `${claims.count} claims${named} ${pace} on a pool of ${poolSize}, cluster ${cluster}, API replicas: ${replicas}`,
    '',
    formatTable(
      ['', 'P50 (MS)', 'P90 (MS)', 'P99 (MS)', 'MAX (MS)'],
      [row('claims', claims), row('floor', floor), ['ratio', ratio.p50, '', ratio.p99, '']],
    ),
    '',
    `errors ${claims.errors}, hits ${(report.hitRatio * 100).toFixed(2)} %, races lost ${report.racesLost}`,
    `own writes per claim ${report.writesPerClaim ?? 'unknown'}, Temporal actions per claim ${report.actionsPerClaim}`,
    ...Object.entries(report.writes ?? {}).map(([write, count]) => `  ${write}: ${count}`),
    ...report.errors.map((error) => `error: ${error}`),
    '',
    'CPU seconds of all parts',
    formatCpu(report.cpuSeconds),
  ].join('\n');
}
