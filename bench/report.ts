/** Results as a page: goals, charts, and a table of each kind of measurement. */
import type { Chart } from './charts.ts';
import { judge, type Judged } from './goals.ts';
import { formatCosts, loadName } from './report-costs.ts';
import { table, type Cell } from './report-table.ts';
import type { Report, Results } from './results.ts';
import { whereTimeGoes } from './where-time-goes.ts';

type Of<B extends Report['benchmark']> = Extract<Report, { benchmark: B }>;

/** The page in Markdown; charts are named as files in `chartFolder`, CPU profiles by a page beside it. */
export function formatReport(
  results: Results,
  options: { charts: Chart[]; chartFolder: string; profilePage: string | null },
): string {
  const { machine, startedAt, cluster, quick } = results;
  const { charts, chartFolder, profilePage } = options;
  const judged = judge(results);
  const reports = results.results.flatMap(({ report }) => report ?? []);
  return [
    '# Benchmarks: report',
    '',
    `Made by \`npm run bench -- all${quick ? ' --quick' : ''} --json out.json\` and \`npm run bench -- report out.json\`; docs/benchmarks.md says what is measured and how. Started ${startedAt} on ${machine.cpus} × ${machine.model}, ${machine.memoryGb} GB, Node ${machine.node}, cluster ${cluster}. Everything ran on that machine, so compare ratios to the floor of the same run, and mind the load before each.${quick ? ' A quick suite: short runs, for a first look.' : ''}`,
    '',
    '## Goals',
    '',
    ...table(
      ['goal', 'measured', 'met'],
      judged.map(({ goal, measured, isMet }) => [goal, measured, isMet ? 'yes' : '**no**']),
    ),
    ...missed(results, judged, profilePage),
    ...charts.flatMap(({ name, title }) => [`![${title}](${chartFolder}/${name}.svg)`, '']),
    ...section(results, ['fill'], '## Fills', fillHead, fillRow),
    ...section(results, ['claims', 'burst'], '## Claims', claimHead, claimRow),
    ...section(results, ['claims', 'burst'], '## Sustained claims', heldHead, heldRow),
    ...section(results, ['restart'], '## Restarts', restartHead, restartRow),
    ...section(results, ['quiet'], '## Quiet pools', quietHead, quietRow),
    ...formatCosts(reports),
    ...cpuTable(results),
    ...durations(results),
    ...failures(results),
  ]
    .join('\n')
    .replace(/\n*$/, '\n');
}

/** Where the time goes in each measurement that missed a goal. */
function missed(
  { results, machine }: Results,
  judged: Judged[],
  profilePage: string | null,
): string[] {
  const lines = results.flatMap(({ name, report }) => {
    const goals = judged.filter((one) => one.name === name && !one.isMet);
    if (report === null || goals.length === 0) return [];
    const what = goals.map(({ goal, measured }) => `${goal} (${measured})`).join('; ');
    return [`- **${what}**. ${whereTimeGoes(report, machine.cpus)}`];
  });
  if (lines.length === 0) return [];
  return [
    ...['## Where the time goes, of each goal that was missed', '', ...lines, ''],
    ...(profilePage === null
      ? []
      : [`CPU profiles of the processes: [${profilePage}](${profilePage}).`, '']),
  ];
}

function section<B extends Report['benchmark']>(
  { results }: Results,
  benchmarks: B[],
  title: string,
  head: string[],
  row: (report: Of<B>) => Cell[],
): string[] {
  const isMeant = (report: Report | null): report is Of<B> =>
    report !== null && benchmarks.some((benchmark) => benchmark === report.benchmark);
  const rows = results.flatMap(({ report, load }) =>
    isMeant(report) ? [[...row(report), load]] : [],
  );
  return rows.length === 0 ? [] : [title, '', ...table([...head, 'load'], rows)];
}

const fillHead = [
  ...['pods', 'pools', 'Ready (ms)', 'spread', 'floor (ms)', 'spread', 'ratio'],
  ...['empty activities (ms)', 'actions a pod', 'longest history', 'failed tasks'],
  'lost heartbeats',
];

function fillRow(report: Of<'fill'>): Cell[] {
  const { pods, pools, readyMs, spread, floorMs, ratio, emptyActivitiesMs, trouble } = report;
  return [
    ...[pods, pools, readyMs, range(spread.readyMs), floorMs, range(spread.floorMs), ratio],
    ...[emptyActivitiesMs, report.actionsPerPod, trouble.longestHistory],
    ...[trouble.failedWorkflowTasks, trouble.lostHeartbeats],
  ];
}

const claimHead = [
  ...['claims', 'p50 / p90 / p99 (ms)', 'p50 of the parts', 'p99 of the parts', 'floor (ms)'],
  ...['p50 of its parts', 'p99 of its parts', 'ratio p50', 'ratio p99', 'hits', 'errors'],
];

function claimRow(report: Of<'claims' | 'burst'>): Cell[] {
  const { claims, floor, ratio, spread } = report;
  return [
    `${claims.count}, ${loadName(report)}`,
    `${claims.p50Ms} / ${claims.p90Ms} / ${claims.p99Ms}`,
    ...[range(spread.p50Ms), range(spread.p99Ms)],
    `${floor.p50Ms} / ${floor.p90Ms} / ${floor.p99Ms}`,
    ...[range(spread.floorP50Ms), range(spread.floorP99Ms)],
    ...[ratio.p50, ratio.p99, report.hitRatio, claims.errors],
  ];
}

const heldHead = [
  ...['claims', 'p50, first third (ms)', 'last third', 'ratio', 'floor, first third', 'last third'],
  ...['ratio', 'cores in use', 'with all on the machine', 'floor', 'with all on the machine'],
  'empty activities late by (ms)',
];

function heldRow(report: Of<'claims' | 'burst'>): Cell[] {
  const { growth, saturation, empty } = report;
  const [pool, floor] = [growth?.pool, growth?.floor];
  return [
    loadName(report),
    ...[pool?.firstThirdP50Ms, pool?.lastThirdP50Ms, pool?.ratio].map((cell) => cell ?? null),
    ...[floor?.firstThirdP50Ms, floor?.lastThirdP50Ms, floor?.ratio].map((cell) => cell ?? null),
    ...[saturation.pool.ours, saturation.pool.machine].map(percent),
    ...[saturation.floor.ours, saturation.floor.machine].map(percent),
    empty.lateMs,
  ];
}

const restartHead = [
  ...['pods', 'first claim (ms)', 'spread', 'its CPU (ms)', 'floor (ms)'],
  ...['resumed fill: next pod (ms)', 'spread', 'all Ready (ms)', 'spread'],
  ...['after SIGTERM: next pod (ms)', 'spread', 'deleted pod replaced (ms)', 'spread'],
];

function restartRow({ pods, firstClaimMs, ...report }: Of<'restart'>): Cell[] {
  const { firstClaimCpuMs, spread, floorMs, resumed, handedOver } = report;
  return [
    ...[pods, firstClaimMs, range(spread.firstClaimMs), firstClaimCpuMs, floorMs],
    ...[resumed.firstPodMs, range(resumed.spread.firstPodMs)],
    ...[resumed.allReadyMs, range(resumed.spread.allReadyMs)],
    ...[handedOver.firstPodMs, range(handedOver.spread.firstPodMs)],
    ...[report.watchedMs, range(report.watchedSpread)],
  ];
}

const quietHead = [
  ...['pools', 'pods', 'heartbeats', 'actions an hour', 'of a pool', 'of the watcher'],
  ...['worker (MB)', 'API (MB)', 'Temporal (MB)'],
];

function quietRow(report: Of<'quiet'>): Cell[] {
  const { full } = report.memoryMb;
  return [
    ...[report.pools, report.pods, report.heartbeats],
    ...[report.perHour, report.perPoolAndHour, report.perWatcherAndHour],
    ...[full['worker'] ?? null, full['api-0'] ?? null, full['temporal'] ?? null],
  ];
}

function range({ min, max }: { min: number; max: number }): string {
  return `${min} to ${max}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** CPU seconds of ours and of the floor, by process. */
function cpuTable({ results }: Results): string[] {
  const used = results.flatMap(({ name, report }) => {
    if (report === null) return [];
    switch (report.benchmark) {
      case 'fill':
        return [{ name, cpu: { ...report.cpuSeconds, empty: {} } }];
      case 'claims':
      case 'burst':
        return [{ name, cpu: { ...report.cpuSeconds, empty: report.empty.cpuSeconds } }];
      case 'quiet':
      case 'growth':
        return [{ name, cpu: { pool: report.cpuSeconds, floor: {}, empty: {} } }];
      case 'restart':
        return [];
    }
  });
  if (used.length === 0) return [];
  const processes = [...new Set(used.flatMap(({ cpu }) => Object.keys(cpu.pool)))];
  const all = (cpu: Record<string, number>): string =>
    Object.values(cpu)
      .reduce((total, seconds) => total + seconds, 0)
      .toFixed(1);
  type Cpu = Record<'pool' | 'floor' | 'empty', Record<string, number>>;
  const cells = (cpu: Cpu): Cell[] =>
    processes.map((name) => {
      const figures = [cpu.pool, cpu.floor, cpu.empty].map((used) =>
        used[name] === undefined ? '-' : used[name].toFixed(2),
      );
      return figures.join(' / ');
    });
  return [
    ...['## CPU seconds, ours / floor / empty activities', ''],
    'A fill’s are of a typical run; a load’s of all parts, and of as many empty activities as one part has claims; quiet pools’ of the time that was watched. `bench` is the load generator, with the floor’s loop and the worker of the empty activities in it.',
    '',
    ...table(
      ['', 'all', ...processes],
      used.map(({ name, cpu }) => [
        ...[name, [cpu.pool, cpu.floor, cpu.empty].map(all).join(' / ')],
        ...cells(cpu),
      ]),
    ),
  ];
}

/** How long it took to make all measurements, and which took most. */
function durations({ results }: Results): string[] {
  const all = results.reduce((total, { tookSeconds }) => total + tookSeconds, 0);
  const each = results.map(({ name, tookSeconds }) => `${name} ${tookSeconds} s`).join(', ');
  return [
    ...['## Time taken', ''],
    `${Math.round(all / 60)} minutes with servers and warm-ups: ${each}.`,
    '',
  ];
}

function failures({ results }: Results): string[] {
  const failed = results.filter(({ error }) => error !== null);
  if (failed.length === 0) return [];
  return [
    ...['## Failed', ''],
    ...failed.flatMap(({ command, error }) => [
      `\`${command}\`:`,
      '',
      '```',
      error ?? '',
      '```',
      '',
    ]),
  ];
}
