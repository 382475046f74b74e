import { formatTable } from '../dev/format-table.ts';
import { formatCpu } from './format-cpu.ts';
import { formatMemory } from './format-memory.ts';
import type { QuietReport } from './quiet.ts';

/** Quiet pools as people read them. */
export function formatQuiet(report: QuietReport): string {
  const { pools, pods, cluster, heartbeats, seconds, trouble } = report;
  return [
    `${pools} quiet pools with ${pods} pods, cluster ${cluster}, heartbeats ${heartbeats}, filled in ${report.fillMs} ms`,
    '',
    `Temporal actions an hour: ${report.perHour}, that is ${report.perPoolAndHour} a pool and ${report.perWatcherAndHour} of the watcher`,
    `counted in ${seconds} s, with ${report.lists} lists:`,
    ...Object.entries(report.actions).map(([kind, count]) => `  ${kind}: ${count}`),
    '',
    `resident memory, empty: ${formatMemory(report.memoryMb.empty)}`,
    `resident memory, full: ${formatMemory(report.memoryMb.full)}`,
    '',
    formatTable(
      ['PROCESS', 'RESIDENT (MB)', 'HEAP USED', 'HEAP TOTAL', 'EXTERNAL'],
      Object.entries(report.parts).map(([name, parts]) => [
        name,
        ...[parts.residentMb, parts.heapUsedMb, parts.heapTotalMb, parts.externalMb],
      ]),
    ),
    '',
    `longest history ${trouble.longestHistory} events; workflow tasks failed ${trouble.failedWorkflowTasks}`,
    '',
    `CPU seconds in ${seconds} s`,
    formatCpu({ quiet: report.cpuSeconds }),
  ].join('\n');
}
