import { formatTable } from '../dev/format-table.ts';
import { formatCpu } from './format-cpu.ts';
import type { FillReport } from './fill.ts';
import { formatMemory } from './format-memory.ts';

/** A fill as people read it: the figures of each run, the medians, and who spent the machine. */
export function formatFill(report: FillReport): string {
  const { pods, pools, cluster, runs, readyMs, floorMs, ratio, podsPerSecond, trouble } = report;
  const times = runs.map((run, index) => [
    index + 1,
    run.readyMs,
    run.floorMs,
    (run.readyMs / run.floorMs).toFixed(2),
  ]);
  return [
    `${pods} pods in ${pools === 1 ? 'one pool' : `${pools} pools`} on the cluster ${cluster}: ${podsPerSecond} a second, ${ratio} × the floor`,
    '',
    formatTable(
      ['RUN', 'READY (MS)', 'FLOOR (MS)', 'RATIO'],
      [...times, ['median', readyMs, floorMs, ratio]],
    ),
    '',
    `as many empty activities ${report.emptyActivitiesMs} ms`,
    '',
    'CPU seconds of a typical run',
    formatCpu(report.cpuSeconds),
    '',
    `Temporal actions per pod ${report.actionsPerPod}, by the histories ${report.historyActionsPerPod}; longest history ${trouble.longestHistory} events`,
    `workflow tasks failed ${trouble.failedWorkflowTasks}, timed out ${trouble.timedOutWorkflowTasks}; heartbeats lost ${trouble.lostHeartbeats}`,
    `resident memory: ${formatMemory(report.memoryMb)}`,
  ].join('\n');
}
