/**
 * What pools cost while nothing happens: Temporal's actions, CPU time and memory. After a fill the
 * pools still list their pods every minute or two, so what a list costs is measured, and the hour is
 * put together from it: one list a pool, and the heartbeats of the one watcher.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { actionsEach, actionsSince, heartbeatKind, readActions, type Actions } from './actions.ts';
import { countCpuSeconds } from './cpu-seconds.ts';
import { readMemory, readMemoryParts, type Memory, type MemoryParts } from './memory.ts';
import { readHistories } from './pool-histories.ts';
import { fetchMetrics } from './prometheus.ts';
import { fillInTurns, removePools, sharesOf } from './several-pools.ts';
import type { Stage } from './stage.ts';
import { round } from './statistics.ts';
import type { WorkflowTrouble } from './workflow-trouble.ts';

/** Cards are published and lists made right after a fill; a minor card comes after 30 s. */
const settleMs = 35_000;

const secondsPerHour = 3_600;

/** What an hour of quiet pools costs Temporal, and what it is put together from. */
export interface QuietHour {
  /** What was counted in the time that was measured. */
  actions: Actions;
  /** Lists that pools made in that time. */
  lists: number;
  /** Actions of a pool for one list: its timer, the list itself, and a card every ten minutes. */
  actionsPerList: number;
  /** A pool that has been quiet for an hour lists its pods once an hour. */
  perPoolAndHour: number;
  /** The watcher's heartbeats, whatever the number of pools. */
  perWatcherAndHour: number;
  perHour: number;
}

/** The report of quiet pools. */
export interface QuietReport extends QuietHour {
  benchmark: 'quiet';
  cluster: string;
  heartbeats: string;
  pools: number;
  pods: number;
  /** From the start of the first workflow until the last pod was Ready, some pools at a time. */
  fillMs: number;
  /** Temporal's actions for each pod of the fill, by kind; the starts of the pools are in it. */
  fillActionsPerPod: Actions;
  /** How long was measured. */
  seconds: number;
  cpuSeconds: Record<string, number>;
  memoryMb: { empty: Memory; full: Memory };
  parts: Record<string, MemoryParts>;
  trouble: WorkflowTrouble;
}

/** Fills pools, lets them settle and measures. Raises when they do not fill. */
export async function measureQuiet(options: {
  stage: Stage;
  cluster: string;
  heartbeats: string;
  pools: number;
  pods: number;
  seconds: number;
  onStep: (step: string) => void;
  signal: AbortSignal;
}): Promise<QuietReport> {
  const { stage, cluster, heartbeats, pools, pods, seconds, onStep, signal } = options;
  const shares = sharesOf({ name: 'quiet', pools, pods });
  const empty = await readMemory(stage.processes());
  const atStart = readActions(await fetchMetrics(stage.metricsUrl));
  onStep(`Filling ${pools} pools with ${pods} pods`);
  try {
    const fillMs = await fillInTurns(stage, shares);
    const filled = actionsSince(atStart, readActions(await fetchMetrics(stage.metricsUrl)));
    onStep(`Letting them settle for ${settleMs / 1000} s`);
    await sleep(settleMs, undefined, { signal });
    onStep(`Measuring for ${seconds} s`);
    const { actions, cpuSeconds } = await watchQuiet({ stage, seconds, signal });
    const names = shares.map(({ pool }) => pool);
    return {
      ...{ benchmark: 'quiet', cluster, heartbeats, pools, pods, seconds },
      fillMs: Math.round(fillMs),
      fillActionsPerPod: actionsEach(filled, pods),
      ...costOf({ actions, seconds, pools }),
      cpuSeconds,
      memoryMb: { empty, full: await readMemory(stage.processes()) },
      parts: await readMemoryParts(stage.ours),
      trouble: (await readHistories(stage.client, names)).trouble,
    };
  } finally {
    await removePools(stage, shares);
  }
}

/** What is spent in some seconds in which nothing happens. */
export async function watchQuiet(options: {
  stage: Stage;
  seconds: number;
  signal: AbortSignal;
}): Promise<{ actions: Actions; cpuSeconds: Record<string, number> }> {
  const { stage, seconds, signal } = options;
  const before = readActions(await fetchMetrics(stage.metricsUrl));
  const usedCpu = await countCpuSeconds(stage.processes());
  await sleep(seconds * 1000, undefined, { signal });
  const cpuSeconds = await usedCpu();
  const after = readActions(await fetchMetrics(stage.metricsUrl));
  return { actions: actionsSince(before, after), cpuSeconds };
}

/** Actions that belong to a list of a pool's pods. */
const activityKind = 'command_ScheduleActivityTask';
const timerKind = 'command_StartTimer';

/** The hour of quiet pools, from what came in some seconds. Exported for its test. */
export function costOf(counted: { actions: Actions; seconds: number; pools: number }): QuietHour {
  const { actions, seconds, pools } = counted;
  const lists = actions[timerKind] ?? 0;
  // Each list is announced by a timer. A card of the pool comes with the first list after ten minutes, so
  // with each list of the quiet hour, whether or not one came in the time that was measured.
  const activities = actions[activityKind] ?? 0;
  const actionsPerList = 1 + Math.max(2, lists === 0 ? 0 : activities / lists);
  const perWatcherAndHour = ((actions[heartbeatKind] ?? 0) * secondsPerHour) / seconds;
  return {
    actions,
    lists,
    actionsPerList: round(actionsPerList),
    perPoolAndHour: round(actionsPerList),
    perWatcherAndHour: Math.round(perWatcherAndHour),
    perHour: Math.round(perWatcherAndHour + actionsPerList * pools),
  };
}
