/** What the measurements must show, and whether they do. */
import type { QuietHour } from './quiet.ts';
import type { Report, Results } from './results.ts';

/** One goal beside what was measured. */
export interface Judged {
  /** Of the measurement. */
  name: string;
  goal: string;
  measured: string;
  isMet: boolean;
}

type Of<B extends Report['benchmark']> = Extract<Report, { benchmark: B }>;
type Goal = Omit<Judged, 'name'>;

/** All goals that the results say something about. */
export function judge(results: Results): Judged[] {
  return results.results.flatMap(({ name, report }) =>
    goalsOf(name, report).map((goal) => ({ name, ...goal })),
  );
}

function goalsOf(name: string, report: Report | null): Goal[] {
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
      return judgeQuiet({ ...report, hour: report });
    case 'growth':
      return judgeQuiet({ ...report, hour: report.quiet });
    case 'restart':
      return judgeRestart(report);
  }
}

function atMost(goal: string, measured: number | null, limit: number, unit = ''): Goal {
  const isMet = measured !== null && measured <= limit;
  return { goal: `${goal} ≤ ${limit}${unit}`, measured: `${measured ?? 'unknown'}${unit}`, isMet };
}

function judgeFill({ pools, pods, ratio, trouble }: Of<'fill'>): Goal[] {
  const what = `fill of ${pods} in ${pools === 1 ? 'one pool' : `${pools} pools`}`;
  return [
    ...(pods === 300 ? [atMost(`${what}: ratio to the floor`, ratio, 2)] : []),
    atMost(`${what}: failed workflow tasks`, trouble.failedWorkflowTasks, 0),
    atMost(`${what}: lost heartbeats`, trouble.lostHeartbeats, 0),
    atMost(`${what}: events of the longest history`, trouble.longestHistory, 8_000),
  ];
}

/** Goals for p50 and p99 as ratios to the floor, by rate. */
const ratios: Record<number, { p50: number; p99?: number; aim?: string }> = {
  10: { p50: 2 },
  25: { p50: 2 },
  45: { p50: 2.5, p99: 2.5, aim: ' (the aim is 1.5)' },
};

/** A named claim has one write more before the one that all have. */
const namedRatio = 3;

/** The fastest rate that must be held: every claim a hit, and no latency that grows. */
const fastestHeld = 75;

/**
 * A rate is held when the typical latency at the end of a part is not far from that at its start. What comes
 * in faster than it is served multiplies it: 1 s of a backlog is a hundred times the typical latency.
 */
const mostGrowth = 1.5;

function judgeClaims(report: Of<'claims' | 'burst'>): Goal[] {
  const { ratePerSecond, claimIds, claims, ratio, trouble } = report;
  const named = claimIds ? ', named' : '';
  const what = ratePerSecond === null ? 'burst' : `${ratePerSecond}/s${named}`;
  const label = (judged: Goal): Goal => ({ ...judged, goal: `${what}: ${judged.goal}` });
  const always = [
    atMost('errors', claims.errors, 0),
    atMost('failed workflow tasks', trouble.failedWorkflowTasks, 0),
  ];
  if (ratePerSecond === null) {
    return [...always, atMost('p90', claims.p90Ms, 1_000, ' ms')].map(label);
  }
  const { p50, p99, aim = '' } = ratios[ratePerSecond] ?? {};
  return [
    ...always,
    ...(ratePerSecond <= fastestHeld ? heldGoals(report) : []),
    ...(p50 === undefined
      ? []
      : [atMost(`ratio of p50 to the floor${aim}`, ratio.p50, claimIds ? namedRatio : p50)]),
    ...(p99 === undefined || claimIds ? [] : [atMost('ratio of p99 to the floor', ratio.p99, p99)]),
    atMost('Temporal actions a claim', report.actionsPerClaim, 4),
    // Hundredths come from a rare second delete: what is meant are 3 writes, and one more for a name.
    atMost('writes of ours a claim', report.writesPerClaim, claimIds ? 4.05 : 3.05),
  ].map(label);
}

function heldGoals({ hitRatio, growth }: Of<'claims' | 'burst'>): Goal[] {
  const hits = { goal: '100 % hits', measured: percent(hitRatio), isMet: hitRatio === 1 };
  if (growth === null) return [hits];
  const held = 'no growth: p50 of the last third to that of the first';
  return [hits, atMost(held, growth.pool.ratio, mostGrowth)];
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(2)} %`;
}

function judgeQuiet(
  report: Pick<Of<'quiet'>, 'pools' | 'pods' | 'heartbeats' | 'parts'> & { hour: QuietHour },
): Goal[] {
  const { pools, pods, heartbeats, parts, hour } = report;
  const what = `${pools} quiet pools with ${pods} pods, ${heartbeats}`;
  const worker = parts['worker']?.residentMb ?? null;
  return [
    atMost(`${what}: actions of a pool an hour`, hour.perPoolAndHour, 4),
    ...(heartbeats === 'cloud'
      ? [atMost(`${what}: actions an hour`, hour.perHour, 60 + 4 * pools)]
      : []),
    atMost(`${what}: memory of the worker`, worker, 250, ' MB'),
  ];
}

function judgeRestart(report: Of<'restart'>): Goal[] {
  const { pods, firstClaimMs, resumed, handedOver, watchedMs } = report;
  return [
    atMost(`first claim of a new API with ${pods} pods`, firstClaimMs, 1_000, ' ms'),
    atMost('next pod of a fill after kill -9 of its worker', resumed.firstPodMs, 15_000, ' ms'),
    atMost('next pod of a fill after SIGTERM', handedOver.firstPodMs, 2_000, ' ms'),
    atMost('a deleted pod is replaced after kill -9', watchedMs, 15_000, ' ms'),
  ];
}
