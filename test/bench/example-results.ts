/** Results of a whole suite, made up. */
import { reportClaims } from '../../bench/claims-report.ts';
import { reportFill } from '../../bench/fill.ts';
import type { Report, Results } from '../../bench/results.ts';

const trouble = {
  failedWorkflowTasks: 0,
  timedOutWorkflowTasks: 0,
  lostHeartbeats: 0,
  longestHistory: 700,
};

const fill = reportFill({
  ...{ cluster: 'control-plane', pools: 1, pods: 300, emptyMs: [1_000] },
  pool: [
    {
      ...{ readyMs: 3_000, cpuSeconds: { worker: 2 }, memoryMb: { worker: 200 }, trouble },
      ...{ actions: { timer: 600 }, historyActions: { timer: 600 } },
    },
  ],
  floor: [{ readyMs: 2_000, cpuSeconds: { bench: 1 } }],
});

const claims = (latencyMs: number) => ({ latencyMs, hit: true, error: null });

const load = reportClaims({
  settings: {
    ...{ benchmark: 'claims', cluster: 'control-plane', ratePerSecond: 45, seconds: 60 },
    ...{ poolSize: 150, claimIds: false, replicas: 1 },
  },
  pool: [
    {
      ...{ fromMs: 0, toMs: 1, claims: [claims(20), claims(40)], racesLost: 0 },
      ...{ cpuSeconds: { worker: 0.02, temporal: 0.01 }, saturation: { ours: 0.5, machine: 0.6 } },
      ...{ actions: { timer: 4 }, watchBytes: { worker: 20_000, 'api-0': 24_000 } },
      writes: { 'create pods': 2, 'patch pods': 2, 'delete pods': 2 },
    },
  ],
  floor: [
    {
      ...{ fromMs: 0, toMs: 1, claims: [claims(5), claims(10)], racesLost: 0 },
      ...{ cpuSeconds: { bench: 0.01 }, saturation: { ours: 0.2, machine: 0.3 } },
      ...{ actions: {}, watchBytes: { bench: 16_000 }, writes: null },
    },
  ],
  ...{ trouble, historyActions: { timer: 3 } },
  empty: { activities: 2, lateMs: 10, cpuSeconds: { temporal: 0.004 } },
});

const quiet: Report = {
  ...{ benchmark: 'quiet', cluster: 'control-plane', heartbeats: 'cloud', pools: 50, pods: 2_000 },
  ...{ fillMs: 20_000, seconds: 60, actions: {}, lists: 0, actionsPerList: 3 },
  fillActionsPerPod: { timer: 1.5 },
  ...{ perPoolAndHour: 3, perWatcherAndHour: 50, perHour: 200, cpuSeconds: {}, trouble },
  memoryMb: { empty: { worker: 150 }, full: { worker: 240, 'api-0': 120, temporal: 300 } },
  parts: { worker: { residentMb: 240, heapUsedMb: 60, heapTotalMb: 80, externalMb: 5 } },
};

const growth: Report = {
  ...{ benchmark: 'growth', cluster: 'control-plane', heartbeats: 'default', pools: 50 },
  ...{ pods: 2_000, seconds: 60, trouble, cpuSeconds: {}, parts: quiet.parts },
  emptyMb: { worker: 150, temporal: 160 },
  steps: [
    {
      ...{ pools: 50, pods: 2_000, fillMs: 9_000, actionsPerNewPod: { timer: 2 } },
      memoryMb: { worker: 260, temporal: 240 },
    },
  ],
  fit: {
    worker: { emptyMb: 150, perPoolKb: 400, perPodKb: 30, worstMb: 2 },
    temporal: { emptyMb: 160, perPoolKb: 600, perPodKb: 20, worstMb: 3 },
  },
  quiet: {
    ...{ actions: {}, lists: 0, actionsPerList: 3, perPoolAndHour: 3 },
    ...{ perWatcherAndHour: 1_800, perHour: 1_950 },
  },
};

const restart: Report = {
  ...{ benchmark: 'restart', cluster: 'control-plane', pods: 2_000, pools: 20 },
  ...{ firstClaimMs: 900, firstClaimCpuMs: 800, floorMs: 300, ratio: 3 },
  spread: { firstClaimMs: { min: 850, max: 990 }, floorMs: { min: 290, max: 310 } },
  resumed: {
    ...{ firstPodMs: 2_000, allReadyMs: 9_000 },
    spread: { firstPodMs: { min: 1_900, max: 2_100 }, allReadyMs: { min: 8_000, max: 9_500 } },
  },
  handedOver: {
    ...{ firstPodMs: 1_200, allReadyMs: 8_000 },
    spread: { firstPodMs: { min: 1_100, max: 1_300 }, allReadyMs: { min: 7_000, max: 8_500 } },
  },
  ...{ watchedMs: 4_000, watchedSpread: { min: 3_000, max: 5_000 } },
};

/** One result of each kind, and one that failed. */
export const exampleResults: Results = {
  ...{ version: 1, startedAt: '2026-01-02T03:04:05.000Z', quick: false, cluster: 'control-plane' },
  machine: { cpus: 2, model: 'some CPU', memoryGb: 8, node: 'v24.0.0' },
  results: [
    ...[fill, load, quiet, growth, restart].map((report) => ({
      ...{ name: report.benchmark, command: `npm run bench -- ${report.benchmark}`, load: 0.5 },
      tookSeconds: 90,
      ...{ report, error: null },
    })),
    {
      ...{ name: 'burst', command: 'npm run bench -- burst', load: 1, report: null },
      tookSeconds: 30,
      error: 'exit code 1: no pod was Ready',
    },
  ],
};
