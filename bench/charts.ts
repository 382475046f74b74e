/** Charts of results as SVG, drawn without a browser. */
import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts';
import { drawSvg, type PictureOption } from './draw-svg.ts';
import type { Report, Results } from './results.ts';

const width = 720;
const height = 340;

/** A chart to be written beside the report. */
export interface Chart {
  /** File name without its ending. */
  name: string;
  title: string;
  svg: string;
}

type Of<B extends Report['benchmark']> = Extract<Report, { benchmark: B }>;

/** Those for which there are results. */
export function chartsOf({ results }: Results): Chart[] {
  const reports = results.flatMap(({ report }) => report ?? []);
  const fills = reports.filter((report): report is Of<'fill'> => report.benchmark === 'fill');
  const loads = reports.filter(
    (report): report is Of<'claims' | 'burst'> =>
      report.benchmark === 'claims' || report.benchmark === 'burst',
  );
  const growths = reports.filter((report): report is Of<'growth'> => report.benchmark === 'growth');
  return [
    ...(fills.length > 0 ? [fillChart(fills)] : []),
    ...(loads.length > 0 ? [claimChart(loads), heldChart(loads), cpuChart(loads)] : []),
    ...growths.slice(0, 1).map(memoryChart),
  ];
}

function fillChart(fills: Of<'fill'>[]): Chart {
  const bar = (name: string, data: number[]): BarSeriesOption => ({ type: 'bar', name, data });
  return draw('fill', 'Fill: seconds until all pods are Ready', {
    xAxis: {
      type: 'category',
      data: fills.map(({ pods, pools }) => `${pods} in ${pools}`),
    },
    yAxis: { type: 'value', name: 's' },
    series: [
      bar(
        'pools',
        fills.map(({ readyMs }) => readyMs / 1000),
      ),
      bar(
        'floor',
        fills.map(({ floorMs }) => floorMs / 1000),
      ),
      bar(
        'empty activities',
        fills.map(({ emptyActivitiesMs }) => emptyActivitiesMs / 1000),
      ),
    ],
  });
}

function nameOf({ ratePerSecond, claimIds }: Of<'claims' | 'burst'>): string {
  if (ratePerSecond === null) return 'burst';
  return `${ratePerSecond}/s${claimIds ? ' named' : ''}`;
}

function claimChart(loads: Of<'claims' | 'burst'>[]): Chart {
  const line = (name: string, data: number[], type: 'solid' | 'dashed'): LineSeriesOption => ({
    ...{ type: 'line', name, data, lineStyle: { type } },
  });
  return draw('claims', 'Claims: milliseconds, on a logarithmic scale', {
    xAxis: { type: 'category', data: loads.map(nameOf) },
    yAxis: { type: 'log', name: 'ms', min: 1 },
    series: [
      line(
        'p50',
        loads.map(({ claims }) => claims.p50Ms),
        'solid',
      ),
      line(
        'p99',
        loads.map(({ claims }) => claims.p99Ms),
        'solid',
      ),
      line(
        'floor p50',
        loads.map(({ floor }) => floor.p50Ms),
        'dashed',
      ),
      line(
        'floor p99',
        loads.map(({ floor }) => floor.p99Ms),
        'dashed',
      ),
    ],
  });
}

/** Whether a rate is held: the typical latency at the start and at the end of a part. */
function heldChart(loads: Of<'claims' | 'burst'>[]): Chart {
  const held = loads.flatMap((load) =>
    load.growth === null ? [] : [{ name: nameOf(load), growth: load.growth }],
  );
  const bar = (
    name: string,
    of: 'pool' | 'floor',
    third: 'firstThirdP50Ms' | 'lastThirdP50Ms',
  ): BarSeriesOption => ({ type: 'bar', name, data: held.map(({ growth }) => growth[of][third]) });
  return draw('sustained', 'Claims: p50 of the first and the last third, in ms (log.)', {
    xAxis: { type: 'category', data: held.map(({ name }) => name) },
    yAxis: { type: 'log', name: 'ms', min: 1 },
    series: [
      bar('first third', 'pool', 'firstThirdP50Ms'),
      bar('last third', 'pool', 'lastThirdP50Ms'),
      bar('floor, first third', 'floor', 'firstThirdP50Ms'),
      bar('floor, last third', 'floor', 'lastThirdP50Ms'),
    ],
  });
}

/** Who spends the machine: CPU milliseconds a claim by process, ours beside the floor's. */
function cpuChart(loads: Of<'claims' | 'burst'>[]): Chart {
  const processes = [...new Set(loads.flatMap(({ cpuSeconds }) => Object.keys(cpuSeconds.pool)))];
  const series = (of: 'pool' | 'floor') =>
    processes.map((name): BarSeriesOption => ({
      ...{ type: 'bar', stack: of, name },
      data: loads.map(({ cpuSeconds, claims }) =>
        Math.round(((cpuSeconds[of][name] ?? 0) * 1000) / Math.max(1, claims.count)),
      ),
    }));
  // The same process has the same colour in both: series of one name share it.
  return draw('cpu', 'CPU milliseconds a claim by process: ours, and the floor beside it', {
    xAxis: { type: 'category', data: loads.map(nameOf) },
    yAxis: { type: 'value', name: 'ms' },
    series: [...series('pool'), ...series('floor')],
  });
}

/** Memory as pools and pods grow. */
function memoryChart({ emptyMb, steps }: Of<'growth'>): Chart {
  const processes = ['worker', 'api-0', 'temporal'];
  return draw('memory', 'Resident memory, as pools and pods grow', {
    xAxis: {
      type: 'category',
      data: ['empty', ...steps.map(({ pools, pods }) => `${pods} in ${pools}`)],
    },
    yAxis: { type: 'value', name: 'MB' },
    series: processes.map((name) => ({
      ...{ type: 'line', name },
      data: [emptyMb, ...steps.map(({ memoryMb }) => memoryMb)].map((memory) => memory[name] ?? 0),
    })),
  });
}

function draw(name: string, title: string, option: PictureOption): Chart {
  const svg = drawSvg(
    { width, height },
    {
      title: { text: title, textStyle: { fontSize: 14 } },
      legend: { bottom: 0 },
      grid: { left: 60, right: 20, top: 50, bottom: 80 },
      ...option,
    },
  );
  return { name, title, svg };
}
