/** Results as a page: goals, charts, and a table of each kind of measurement. */
import type { Chart } from './charts.ts';
import { judge } from './goals.ts';
import type { Report, Results } from './results.ts';

type Of<B extends Report['benchmark']> = Extract<Report, { benchmark: B }>;

type Cell = string | number | null;

/** The page in Markdown; charts are named as files in `chartFolder`. */
export function formatReport(
  results: Results,
  options: { charts: Chart[]; chartFolder: string },
): string {
  const { machine, startedAt, cluster, quick } = results;
  const { charts, chartFolder } = options;
  return [
    '# Benchmarks: report',
    '',
    `Made by \`npm run bench -- all${quick ? ' --quick' : ''} --json out.json\` and \`npm run bench -- report out.json\`; docs/benchmarks.md says what is measured and how. Started ${startedAt} on ${machine.cpus} × ${machine.model}, ${machine.memoryGb} GB, Node ${machine.node}, cluster ${cluster}. Everything ran on that machine, so compare ratios to the floor of the same run, and mind the load before each.${quick ? ' A quick suite: short runs, for a first look.' : ''}`,
    '',
    '## Goals',
    '',
    ...table(
      ['goal', 'measured', 'met'],
      judge(results).map(({ goal, measured, isMet }) => [goal, measured, isMet ? 'yes' : '**no**']),
    ),
    ...charts.flatMap(({ name, title }) => [`![${title}](${chartFolder}/${name}.svg)`, '']),
    ...section(results, ['fill'], '## Fills', fillHead, fillRow),
    ...section(results, ['claims', 'burst'], '## Claims', claimHead, claimRow),
    ...section(results, ['restart'], '## Restarts', restartHead, restartRow),
    ...section(results, ['quiet'], '## Quiet pools', quietHead, quietRow),
    ...cpuTable(results),
    ...failures(results),
  ]
    .join('\n')
    .replace(/\n*$/, '\n');
}

function table(head: string[], rows: Cell[][]): string[] {
  const line = (cells: Cell[]): string => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
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
  ...['pods', 'pools', 'Ready (ms)', 'spread', 'floor (ms)', 'ratio', 'empty activities (ms)'],
  ...['actions a pod', 'longest history', 'failed tasks'],
];

function fillRow(report: Of<'fill'>): Cell[] {
  const { pods, pools, readyMs, spread, floorMs, ratio, emptyActivitiesMs, trouble } = report;
  const { min, max } = spread.readyMs;
  return [
    ...[pods, pools, readyMs, `${min} to ${max}`, floorMs, ratio, emptyActivitiesMs],
    ...[report.actionsPerPod, trouble.longestHistory, trouble.failedWorkflowTasks],
  ];
}

const claimHead = [
  ...['claims', 'p50 / p90 / p99 (ms)', 'floor (ms)', 'ratio p50', 'ratio p99', 'hits', 'errors'],
  ...['writes', 'actions'],
];

function claimRow(report: Of<'claims' | 'burst'>): Cell[] {
  const { claims, floor, ratio, ratePerSecond, claimIds } = report;
  const pace = ratePerSecond === null ? 'at once' : `at ${ratePerSecond}/s`;
  return [
    `${claims.count} ${pace}${claimIds ? ', named' : ''}`,
    `${claims.p50Ms} / ${claims.p90Ms} / ${claims.p99Ms}`,
    `${floor.p50Ms} / ${floor.p90Ms} / ${floor.p99Ms}`,
    ...[ratio.p50, ratio.p99, report.hitRatio, claims.errors],
    ...[report.writesPerClaim, report.actionsPerClaim],
  ];
}

const restartHead = [
  ...['pods', 'first claim (ms)', 'spread', 'floor (ms)'],
  ...['resumed fill: next pod (ms)', 'all Ready (ms)'],
];

function restartRow({ pods, firstClaimMs, spread, floorMs, resumed }: Of<'restart'>): Cell[] {
  const { min, max } = spread.firstClaimMs;
  return [
    ...[pods, firstClaimMs, `${min} to ${max}`, floorMs],
    ...[resumed.firstPodMs, resumed.allReadyMs],
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

/** CPU seconds of ours and of the floor, by process. */
function cpuTable({ results }: Results): string[] {
  const used = results.flatMap(({ name, report }) =>
    report !== null && report.benchmark !== 'restart' && report.benchmark !== 'quiet'
      ? [{ name, cpu: report.cpuSeconds }]
      : [],
  );
  const processes = [...new Set(used.flatMap(({ cpu }) => Object.keys(cpu.pool)))];
  const cells = (cpu: Of<'fill'>['cpuSeconds']): Cell[] =>
    processes.map((name) => `${cpu.pool[name] ?? ''} / ${cpu.floor[name] ?? ''}`);
  if (used.length === 0) return [];
  return [
    ...['## CPU seconds, ours / floor', ''],
    ...table(
      ['', ...processes],
      used.map(({ name, cpu }) => [name, ...cells(cpu)]),
    ),
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
