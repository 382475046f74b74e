/** What the measurements must show, and whether they do. */
import type { Report, Results } from './results.ts';

/** One goal beside what was measured. */
export interface Judged {
  goal: string;
  measured: string;
  isMet: boolean;
}

type Of<B extends Report['benchmark']> = Extract<Report, { benchmark: B }>;

/** All goals that the results say something about. */
export function judge(results: Results): Judged[] {
  return results.results.flatMap(({ name, report }) => {
    if (report === null) {
      return [{ goal: `${name} is measured`, measured: 'it failed', isMet: false }];
    }
    switch (report.benchmark) {
      case 'fill':
        return judgeFill(report);
      case 'claims':
      case 'burst':
        return judgeClaims(report);
      case 'quiet':
        return judgeQuiet(report);
      case 'restart':
        return judgeRestart(report);
    }
  });
}

function atMost(goal: string, measured: number | null, limit: number, unit = ''): Judged {
  const isMet = measured !== null && measured <= limit;
  return { goal: `${goal} ≤ ${limit}${unit}`, measured: `${measured ?? 'unknown'}${unit}`, isMet };
}

function judgeFill({ pools, pods, ratio, trouble }: Of<'fill'>): Judged[] {
  const what = `fill of ${pods} in ${pools === 1 ? 'one pool' : `${pools} pools`}`;
  return [
    ...(pods === 300 ? [atMost(`${what}: ratio to the floor`, ratio, 2)] : []),
    atMost(`${what}: failed workflow tasks`, trouble.failedWorkflowTasks, 0),
    atMost(`${what}: lost heartbeats`, trouble.lostHeartbeats, 0),
    atMost(`${what}: events of the longest history`, trouble.longestHistory, 8_000),
  ];
}

/** Goals for p50 and p99 as ratios to the floor, by rate. */
const ratios: Record<number, { p50: number; p99?: number }> = {
  10: { p50: 2 },
  25: { p50: 2 },
  45: { p50: 2.5, p99: 2.5 },
};

/** A named claim has one write more before the one that all have. */
const namedRatio = 3;

function judgeClaims(report: Of<'claims' | 'burst'>): Judged[] {
  const { ratePerSecond, claimIds, claims, ratio } = report;
  const errors = atMost('errors', claims.errors, 0);
  const named = claimIds ? ', named' : '';
  const what = ratePerSecond === null ? 'burst' : `${ratePerSecond}/s${named}`;
  const label = (judged: Judged): Judged => ({ ...judged, goal: `${what}: ${judged.goal}` });
  if (ratePerSecond === null) return [errors, atMost('p90', claims.p90Ms, 1_000, ' ms')].map(label);
  const { p50, p99 } = ratios[ratePerSecond] ?? {};
  const hits = `${(report.hitRatio * 100).toFixed(2)} %`;
  return [
    errors,
    { goal: '100 % hits', measured: hits, isMet: report.hitRatio === 1 },
    ...(p50 === undefined
      ? []
      : [atMost('ratio of p50 to the floor', ratio.p50, claimIds ? namedRatio : p50)]),
    ...(p99 === undefined || claimIds ? [] : [atMost('ratio of p99 to the floor', ratio.p99, p99)]),
    ...(ratePerSecond === 45 ? [atMost('p99', claims.p99Ms, 250, ' ms')] : []),
    atMost('Temporal actions a claim', report.actionsPerClaim, 4),
    // Hundredths come from a rare second delete: what is meant are 3 writes, and one more for a name.
    atMost('writes of ours a claim', report.writesPerClaim, claimIds ? 4.05 : 3.05),
  ].map(label);
}

function judgeQuiet(report: Of<'quiet'>): Judged[] {
  const { pools, pods, heartbeats, parts } = report;
  const what = `${pools} quiet pools with ${pods} pods, ${heartbeats}`;
  const worker = parts['worker']?.residentMb ?? null;
  return [
    atMost(`${what}: actions of a pool an hour`, report.perPoolAndHour, 4),
    ...(heartbeats === 'cloud'
      ? [atMost(`${what}: actions an hour`, report.perHour, 60 + 4 * pools)]
      : []),
    atMost(`${what}: memory of the worker`, worker, 250, ' MB'),
  ];
}

function judgeRestart({ pods, firstClaimMs }: Of<'restart'>): Judged[] {
  return [atMost(`first claim of a new API with ${pods} pods`, firstClaimMs, 1_000, ' ms')];
}
