import type { RestartReport } from './restart.ts';

/** Restarts as people read them. */
export function formatRestart(report: RestartReport): string {
  const { pods, pools, cluster, firstClaimMs, firstClaimCpuMs, floorMs, ratio, spread, resumed } =
    report;
  const { min, max } = spread.firstClaimMs;
  return [
    `${pods} pods in ${pools} pools on the cluster ${cluster}`,
    '',
    `API: first claim ${firstClaimMs} ms after its start (${min} to ${max}), with ${firstClaimCpuMs ?? 'an unknown number of'} ms of CPU; the floor ${floorMs} ms, ratio ${ratio}`,
    `worker, killed in a fill: next pod ${resumed.firstPodMs} ms after its start, all Ready after ${resumed.allReadyMs} ms`,
  ].join('\n');
}
