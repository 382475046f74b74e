import { formatTable } from '../dev/format-table.ts';
import { formatCpu } from './format-cpu.ts';
import type { FillReport } from './fill.ts';

/** A fill as people read it: the figures of each run, the medians, and who spent the machine. */
export function formatFill(report: FillReport): string {
  const { pods, cluster, runs, readyMs, floorMs, ratio, podsPerSecond } = report;
  const times = runs.map((run, index) => [
    index + 1,
    run.readyMs,
    run.floorMs,
    (run.readyMs / run.floorMs).toFixed(2),
  ]);
  return [
    `${pods} pods on the cluster ${cluster}: ${podsPerSecond} a second, ${ratio} × the floor`,
    '',
    formatTable(
      ['RUN', 'READY (MS)', 'FLOOR (MS)', 'RATIO'],
      [...times, ['median', readyMs, floorMs, ratio]],
    ),
    '',
    'CPU seconds of a typical run',
    formatCpu(report.cpuSeconds),
  ].join('\n');
}
