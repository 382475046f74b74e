/** The cost model of a report: Temporal, the API server, memory. */
import { costsOf } from './cost-model.ts';
import { table, type Cell } from './report-table.ts';
import type { Report } from './results.ts';

type Of<B extends Report['benchmark']> = Extract<Report, { benchmark: B }>;

/** Its sections, as far as there are results. */
export function formatCosts(reports: Report[]): string[] {
  const loads = reports.filter(
    (report): report is Of<'claims' | 'burst'> =>
      report.benchmark === 'claims' || report.benchmark === 'burst',
  );
  const growths = reports.filter((report): report is Of<'growth'> => report.benchmark === 'growth');
  return [
    ...actionTable(reports),
    ...(loads.length === 0 ? [] : trafficTable(loads)),
    ...growths.flatMap(growthTables),
  ];
}

function actionTable(reports: Report[]): string[] {
  const costs = costsOf(reports);
  if (costs.length === 0) return [];
  return [
    ...['## Cost: Temporal actions', ''],
    'Counted by the server’s own metric, and a second time by the events of the pools’ histories, which have no heartbeats. Money at $50 per million actions; storage and the plan come on top.',
    '',
    ...table(
      ['', 'actions', 'of these heartbeats', 'by the histories', '$'],
      costs.map(({ what, actions, heartbeats, byHistory, dollars, per }) => [
        ...[what, actions, heartbeats, byHistory],
        per === 'million' ? `${dollars} a million` : `${dollars} a month`,
      ]),
    ),
  ];
}

function trafficTable(loads: Of<'claims' | 'burst'>[]): string[] {
  const names = [...new Set(loads.flatMap((load) => Object.keys(load.watchBytesPerClaim)))];
  return [
    ...['## Cost: the API server', ''],
    'Writes of our processes, and bytes that their watches of pods and cards bring, for a claim; `bench` is the one watch of the floor.',
    '',
    ...table(
      ['claims', 'writes', ...names.map((name) => `watch of ${name} (bytes)`)],
      loads.map((load) => [
        ...[loadName(load), load.writesPerClaim],
        ...names.map((name) => load.watchBytesPerClaim[name] ?? null),
      ]),
    ),
  ];
}

/** How a load is called in tables. */
export function loadName(load: Pick<Of<'claims' | 'burst'>, 'ratePerSecond' | 'claimIds'>): string {
  const { ratePerSecond, claimIds } = load;
  return `${ratePerSecond === null ? 'burst' : `${ratePerSecond}/s`}${claimIds ? ', named' : ''}`;
}

function growthTables({ steps, fit, emptyMb, heartbeats }: Of<'growth'>): string[] {
  const names = Object.keys(fit);
  const row = (pools: number, pods: number, memory: Record<string, number>): Cell[] => [
    ...[pools, pods],
    ...names.map((name) => memory[name] ?? null),
  ];
  return [
    ...[`## Cost: memory, as pools and pods grow (${heartbeats})`, ''],
    'Resident megabytes by process, the same processes at each step.',
    '',
    ...table(
      ['pools', 'pods', ...names],
      [row(0, 0, emptyMb), ...steps.map((step) => row(step.pools, step.pods, step.memoryMb))],
    ),
    'By least squares over these steps:',
    '',
    ...table(
      ['', 'empty (MB)', 'a pool adds (KB)', 'a pod adds (KB)', 'farthest from a step (MB)'],
      Object.entries(fit).map(([name, { emptyMb, perPoolKb, perPodKb, worstMb }]) => [
        ...[name, emptyMb, perPoolKb, perPodKb, worstMb],
      ]),
    ),
  ];
}
