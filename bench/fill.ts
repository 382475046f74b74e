/**
 * How long one or several pools take to fill, against the floor: the same pods created and awaited by
 * a bare loop in the same run, on the same machine, in alternate order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { podsPath, type BareCluster } from './bare-cluster.ts';
import { barePod } from './bare-pod.ts';
import { actionsEach, actionsSince, addActions, readActions, sumOfActions } from './actions.ts';
import type { Actions } from './actions.ts';
import { countCpuSeconds } from './cpu-seconds.ts';
import { EmptyActivities } from './empty/empty-activities.ts';
import { readMemory, type Memory } from './memory.ts';
import { readHistories } from './pool-histories.ts';
import { fetchMetrics } from './prometheus.ts';
import { countReadyPods } from './ready-pods.ts';
import { createPools, removePools, selectorOf, sharesOf } from './several-pools.ts';
import { namespace, type Stage } from './stage.ts';
import { median, round, spreadOf, type Spread } from './statistics.ts';
import { addTrouble, noTrouble, type WorkflowTrouble } from './workflow-trouble.ts';

/** Pods of the warm-up: code is compiled and connections are open afterwards, nothing is full. */
const warmUpPods = 50;

/** After a run controllers and databases still work on what was deleted. */
const restMs = 2_000;

/** The pools hear of their last pods within a tick of 200 ms, and publish their cards. */
const cardsMs = 3_000;

/** Time from the start to the last pod Ready, once. */
interface Filled {
  readyMs: number;
  cpuSeconds: Record<string, number>;
}

/** One fill of ours, with what it cost Temporal and what memory the processes had at its end. */
interface PoolFill extends Filled {
  actions: Actions;
  /** By the pools' histories, heartbeats left out. */
  historyActions: Actions;
  memoryMb: Memory;
  trouble: WorkflowTrouble;
}

/** The report of a fill; times are medians of the runs. */
export interface FillReport {
  benchmark: 'fill';
  cluster: string;
  pools: number;
  /** Of all pools together. */
  pods: number;
  /** From the start of the pools' workflows until the last pod was seen Ready. */
  readyMs: number;
  podsPerSecond: number;
  floorMs: number;
  ratio: number;
  /** As many activities that do nothing, in one workflow: the floor of Temporal. */
  emptyActivitiesMs: number;
  spread: { readyMs: Spread; floorMs: Spread; emptyActivitiesMs: Spread };
  runs: { readyMs: number; floorMs: number }[];
  /** Of the run whose time is nearest to the median. */
  cpuSeconds: { pool: Record<string, number>; floor: Record<string, number> };
  /** Temporal's actions for each pod, heartbeats, lists and cards included; of all runs. */
  actionsPerPod: number;
  /** The same by kind. */
  actionKinds: Actions;
  /** By the pools' histories: without heartbeats. */
  historyActionsPerPod: number;
  /** Resident memory at the end of the last run, by process. */
  memoryMb: Memory;
  /** Of all runs. */
  trouble: WorkflowTrouble;
}

/** Measures a fill; raises when a run does not end within its deadline. */
export async function measureFill(options: {
  stage: Stage;
  cluster: string;
  pools: number;
  pods: number;
  runs: number;
  onStep: (step: string) => void;
  signal: AbortSignal;
}): Promise<FillReport> {
  const { stage, cluster, pools, pods, runs, onStep, signal } = options;
  const measured: Measured = { pool: [], floor: [], emptyMs: [] };
  onStep('Starting a worker for empty activities');
  const empty = await EmptyActivities.start(stage.client, stage.temporalAddress);
  try {
    for (let run = 0; run <= runs; run += 1) {
      const isWarmUp = run === 0;
      const count = isWarmUp ? warmUpPods : pods;
      const into = isWarmUp ? { pool: [], floor: [], emptyMs: [] } : measured;
      for (const kind of run % 2 === 0 ? kinds : kinds.toReversed()) {
        signal.throwIfAborted();
        onStep(isWarmUp ? `Warming up (${kind})` : `Run ${run} of ${runs}: ${kind}, ${count} pods`);
        const load = { name: `${kind}-${run}`, pools: isWarmUp ? 1 : pools, pods: count };
        await measureOnce({ stage, empty, kind, load, into });
        await sleep(restMs);
      }
    }
  } finally {
    await empty.stop();
  }
  return reportFill({ cluster, pools, pods, ...measured });
}

/** What each run measures. */
const kinds = ['pool', 'floor', 'empty'] as const;

interface Measured {
  pool: PoolFill[];
  floor: Filled[];
  emptyMs: number[];
}

async function measureOnce(options: {
  stage: Stage;
  empty: EmptyActivities;
  kind: (typeof kinds)[number];
  load: { name: string; pools: number; pods: number };
  into: Measured;
}): Promise<void> {
  const { stage, empty, kind, load, into } = options;
  switch (kind) {
    case 'pool':
      into.pool.push(await fillPools(stage, load));
      break;
    case 'floor':
      into.floor.push(await fillBare(stage, load.name, load.pods));
      break;
    case 'empty':
      into.emptyMs.push(await empty.run(load.pods));
      break;
  }
}

/** One fill of new pools through their workflows. */
async function fillPools(
  stage: Stage,
  load: { name: string; pools: number; pods: number },
): Promise<PoolFill> {
  const shares = sharesOf(load);
  const names = shares.map(({ pool }) => pool);
  const before = readActions(await fetchMetrics(stage.metricsUrl));
  try {
    const filled = await measure({ stage, selector: selectorOf(shares), pods: load.pods }, () =>
      createPools(stage, shares),
    );
    await sleep(cardsMs);
    const after = readActions(await fetchMetrics(stage.metricsUrl));
    const memoryMb = await readMemory(stage.processes());
    const { trouble, actions: historyActions } = await readHistories(stage.client, names);
    const actions = actionsSince(before, after);
    return { ...filled, actions, historyActions, memoryMb, trouble };
  } finally {
    await removePools(stage, shares);
  }
}

/** The floor: the same pods by a bare loop. */
async function fillBare(stage: Stage, name: string, pods: number): Promise<Filled> {
  const selector = `bench=${name}`;
  try {
    return await measure({ stage, selector, pods }, () =>
      createBarePods({ bare: stage.bare, name, pods }),
    );
  } finally {
    await stage.bare.deletePods(namespace, selector);
  }
}

async function measure(
  { stage, selector, pods }: { stage: Stage; selector: string; pods: number },
  start: () => Promise<void>,
): Promise<Filled> {
  const ready = await countReadyPods({ bare: stage.bare, namespace, selector, pods });
  try {
    const usedCpu = await countCpuSeconds(stage.processes());
    const startedAt = performance.now();
    const [endedAt] = await Promise.all([ready.all(), start()]);
    return { readyMs: endedAt - startedAt, cpuSeconds: await usedCpu() };
  } finally {
    ready.stop();
  }
}

/** Creates pods as fast as the connections allow, without looking at what comes of them. */
async function createBarePods(options: {
  bare: BareCluster;
  name: string;
  pods: number;
}): Promise<void> {
  const { bare, name, pods } = options;
  const create = (index: number): Promise<unknown> =>
    bare.call({
      method: 'POST',
      path: podsPath(namespace),
      body: JSON.stringify(barePod(`${name}-${index.toString(36)}`, { bench: name })),
      expected: [201],
    });
  await Promise.all(Array.from({ length: pods }, (_, index) => create(index)));
}

/** Puts runs together. Exported for its test. */
export function reportFill(options: {
  cluster: string;
  pools: number;
  pods: number;
  pool: PoolFill[];
  floor: Filled[];
  emptyMs: number[];
}): FillReport {
  const { cluster, pools, pods, pool, floor } = options;
  const emptyTimes = options.emptyMs.map((time) => Math.round(time));
  const readyTimes = pool.map(({ readyMs }) => Math.round(readyMs));
  const floorTimes = floor.map(({ readyMs }) => Math.round(readyMs));
  const readyMs = median(readyTimes);
  const floorMs = median(floorTimes);
  const actions = pool.map((fill) => fill.actions).reduce(addActions, {});
  const historyActions = pool.map((fill) => fill.historyActions).reduce(addActions, {});
  const spawned = pods * pool.length;
  const perPod = (count: number): number => round(count / Math.max(1, spawned));
  return {
    benchmark: 'fill',
    cluster,
    pools,
    pods,
    readyMs,
    podsPerSecond: round((pods * 1000) / readyMs),
    floorMs,
    ratio: round(readyMs / floorMs),
    emptyActivitiesMs: median(emptyTimes),
    spread: {
      readyMs: spreadOf(readyTimes),
      floorMs: spreadOf(floorTimes),
      emptyActivitiesMs: spreadOf(emptyTimes),
    },
    runs: readyTimes.map((time, index) => ({ readyMs: time, floorMs: floorTimes[index] ?? NaN })),
    cpuSeconds: { pool: typical(pool, readyMs), floor: typical(floor, floorMs) },
    actionsPerPod: perPod(sumOfActions(actions)),
    actionKinds: actionsEach(actions, spawned),
    historyActionsPerPod: perPod(sumOfActions(historyActions)),
    memoryMb: pool.at(-1)?.memoryMb ?? {},
    trouble: pool.map(({ trouble }) => trouble).reduce(addTrouble, noTrouble),
  };
}

function typical(runs: Filled[], medianMs: number): Record<string, number> {
  const distance = (run: Filled): number => Math.abs(run.readyMs - medianMs);
  return runs.toSorted((a, b) => distance(a) - distance(b))[0]?.cpuSeconds ?? {};
}
