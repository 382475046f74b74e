import { formatTable } from '../dev/format-table.ts';
import { formatCpu } from './format-cpu.ts';
import { formatMemory } from './format-memory.ts';
import { sumOfActions } from './actions.ts';
import type { GrowthReport } from './growth.ts';
import { round } from './statistics.ts';

/** Growth as people read it: memory at each step, and what a pool and a pod add. */
export function formatGrowth(report: GrowthReport): string {
  const { pools, pods, cluster, heartbeats, steps, fit, quiet, trouble, seconds } = report;
  const names = Object.keys(fit);
  return [
    `up to ${pools} pools with ${pods} pods, cluster ${cluster}, heartbeats ${heartbeats}`,
    '',
    `resident memory, empty: ${formatMemory(report.emptyMb)}`,
    '',
    formatTable(
      ['POOLS', 'PODS', 'FILL (MS)', 'ACTIONS A POD', ...names.map((name) => `${name} (MB)`)],
      steps.map((step) => [
        ...[step.pools, step.pods, step.fillMs, round(sumOfActions(step.actionsPerNewPod))],
        ...names.map((name) => step.memoryMb[name] ?? ''),
      ]),
    ),
    '',
    formatTable(
      ['PROCESS', 'EMPTY (MB)', 'A POOL (KB)', 'A POD (KB)', 'WORST ERROR (MB)'],
      Object.entries(fit).map(([name, { emptyMb, perPoolKb, perPodKb, worstMb }]) => [
        ...[name, emptyMb, perPoolKb, perPodKb, worstMb],
      ]),
    ),
    '',
    `Temporal actions an hour: ${quiet.perHour}, that is ${quiet.perPoolAndHour} a pool and ${quiet.perWatcherAndHour} of the watcher`,
    `longest history ${trouble.longestHistory} events; workflow tasks failed ${trouble.failedWorkflowTasks}`,
    '',
    `CPU seconds in ${seconds} s`,
    formatCpu({ quiet: report.cpuSeconds }),
  ].join('\n');
}
