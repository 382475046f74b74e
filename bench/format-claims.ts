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
    formatTable(
      ['PART', 'P50 (MS)', 'P99 (MS)', 'FLOOR P50', 'FLOOR P99'],
      report.parts.map((part, index) => [
        ...[index + 1, part.p50Ms, part.p99Ms, part.floorP50Ms, part.floorP99Ms],
      ]),
    ),
    '',
    ...formatGrowth(report),
    ...formatCosts(report),
    ...report.errors.map((error) => `error: ${error}`),
    '',
    'CPU seconds of all parts; of as many empty activities as a part has claims',
    formatCpu({ ...report.cpuSeconds, empty: report.empty.cpuSeconds }),
  ].join('\n');
}

function formatGrowth({ growth, saturation }: ClaimsReport): string[] {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const machine = (name: 'pool' | 'floor'): string =>
    `${percent(saturation[name].ours)} of the cores, ${percent(saturation[name].machine)} with all that runs on the machine`;
  return [
    ...(growth === null
      ? []
      : (['pool', 'floor'] as const).map((name) => {
          const { firstThirdP50Ms, lastThirdP50Ms, ratio } = growth[name];
          return `${name}: p50 of the first third ${firstThirdP50Ms} ms, of the last ${lastThirdP50Ms} ms, ratio ${ratio}`;
        })),
    `in use while claims arrived: pool ${machine('pool')}; floor ${machine('floor')}`,
  ];
}

function formatCosts(report: ClaimsReport): string[] {
  const { claims, trouble, empty } = report;
  const kinds = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ');
  return [
    `errors ${claims.errors}, hits ${(report.hitRatio * 100).toFixed(2)} %, races lost ${report.racesLost}`,
    `own writes per claim ${report.writesPerClaim ?? 'unknown'}, Temporal actions per claim ${report.actionsPerClaim}, by the history ${report.historyActionsPerClaim}`,
    ...Object.entries(report.writes ?? {}).map(([write, count]) => `  ${write}: ${count}`),
    `actions per claim: ${kinds(report.actionKinds)}`,
    `by the history: ${kinds(report.historyActionKinds)}`,
    `bytes of watches per claim: ${kinds(report.watchBytesPerClaim)}`,
    `workflow tasks failed ${trouble.failedWorkflowTasks}, heartbeats lost ${trouble.lostHeartbeats}, longest history ${trouble.longestHistory} events`,
    `${empty.activities} empty activities at the same rate ended ${empty.lateMs} ms after the last was planned`,
  ];
}
