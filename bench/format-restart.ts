import type { RestartReport } from './restart.ts';

/** Restarts as people read them. */
export function formatRestart(report: RestartReport): string {
  const { pods, pools, cluster, firstClaimMs, firstClaimCpuMs, floorMs, ratio, spread } = report;
  const { resumed, handedOver, watchedMs, watchedSpread } = report;
  const { min, max } = spread.firstClaimMs;
  return [
    `${pods} pods in ${pools} pools on the cluster ${cluster}`,
    '',
    `API: first claim ${firstClaimMs} ms after its start (${min} to ${max}), with ${firstClaimCpuMs ?? 'an unknown number of'} ms of CPU; the floor ${floorMs} ms, ratio ${ratio}`,
    ...[['killed', resumed] as const, ['told to end', handedOver] as const].map(
      ([
        how,
        {
          firstPodMs,
          allReadyMs,
          spread: { firstPodMs: first },
        },
      ]) => {
        const next = `next pod ${firstPodMs} ms (${first.min} to ${first.max}) after its successor's start`;
        return `worker, ${how} in a fill: ${next}, all Ready after ${allReadyMs} ms`;
      },
    ),
    `worker, killed: a pod that is deleted then is replaced ${watchedMs} ms (${watchedSpread.min} to ${watchedSpread.max}) after its successor's start`,
  ].join('\n');
}
