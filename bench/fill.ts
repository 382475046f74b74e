/**
 * How long a pool takes to fill, against the floor: the same pods created and awaited by a bare loop
 * in the same run, on the same machine, in alternate order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { podsPath, type BareCluster } from './bare-cluster.ts';
import { barePod } from './bare-pod.ts';
import { countCpuSeconds } from './cpu-seconds.ts';
import { countReadyPods } from './ready-pods.ts';
import { namespace, type Stage } from './stage.ts';
import { median, round, spreadOf, type Spread } from './statistics.ts';

/** Pods of the warm-up: code is compiled and connections are open afterwards, nothing is full. */
const warmUpPods = 50;

/** After a run controllers and databases still work on what was deleted. */
const restMs = 3_000;

/** Time from the start to the last pod Ready, once. */
interface FillRun {
  readyMs: number;
  cpuSeconds: Record<string, number>;
}

/** The report of a fill; times are medians of the runs. */
export interface FillReport {
  benchmark: 'fill';
  cluster: string;
  pods: number;
  /** From the start of the pool's workflow until the last pod was seen Ready. */
  readyMs: number;
  podsPerSecond: number;
  floorMs: number;
  ratio: number;
  spread: { readyMs: Spread; floorMs: Spread };
  runs: { readyMs: number; floorMs: number }[];
  /** Of the run whose time is nearest to the median. */
  cpuSeconds: { pool: Record<string, number>; floor: Record<string, number> };
}

/** Measures a fill; raises when a run does not end within its deadline. */
export async function measureFill(options: {
  stage: Stage;
  cluster: string;
  pods: number;
  runs: number;
  onStep: (step: string) => void;
  signal: AbortSignal;
}): Promise<FillReport> {
  const { stage, cluster, pods, runs, onStep, signal } = options;
  const measured: { pool: FillRun[]; floor: FillRun[] } = { pool: [], floor: [] };
  for (let run = 0; run <= runs; run += 1) {
    const isWarmUp = run === 0;
    const count = isWarmUp ? warmUpPods : pods;
    const order = run % 2 === 0 ? (['pool', 'floor'] as const) : (['floor', 'pool'] as const);
    for (const kind of order) {
      signal.throwIfAborted();
      onStep(isWarmUp ? `Warming up (${kind})` : `Run ${run} of ${runs}: ${kind}, ${count} pods`);
      const name = `${kind}-${run}`;
      const filled = await (kind === 'pool' ? fillPool : fillBare)(stage, name, count);
      if (!isWarmUp) measured[kind].push(filled);
      await sleep(restMs);
    }
  }
  return reportFill({ cluster, pods, ...measured });
}

/** One fill of a new pool through its workflow. */
async function fillPool(stage: Stage, pool: string, pods: number): Promise<FillRun> {
  const selector = `pilotlight.dev/pool=${pool}`;
  return measure(
    { stage, selector, pods },
    {
      start: () => stage.createPool(pool, { warmTarget: pods, maxPods: pods, maxPending: pods }),
      remove: () => stage.removePool(pool),
    },
  );
}

/** The floor: the same pods by a bare loop. */
async function fillBare(stage: Stage, name: string, pods: number): Promise<FillRun> {
  const selector = `bench=${name}`;
  return measure(
    { stage, selector, pods },
    {
      start: () => createBarePods({ bare: stage.bare, name, pods }),
      remove: () => stage.bare.deletePods(namespace, selector),
    },
  );
}

async function measure(
  { stage, selector, pods }: { stage: Stage; selector: string; pods: number },
  steps: { start: () => Promise<void>; remove: () => Promise<void> },
): Promise<FillRun> {
  const ready = await countReadyPods({ bare: stage.bare, namespace, selector, pods });
  try {
    const usedCpu = await countCpuSeconds(stage.processes());
    const startedAt = performance.now();
    const [endedAt] = await Promise.all([ready.all(), steps.start()]);
    return { readyMs: endedAt - startedAt, cpuSeconds: await usedCpu() };
  } finally {
    ready.stop();
    await steps.remove();
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
  pods: number;
  pool: FillRun[];
  floor: FillRun[];
}): FillReport {
  const { cluster, pods, pool, floor } = options;
  const readyTimes = pool.map(({ readyMs }) => Math.round(readyMs));
  const floorTimes = floor.map(({ readyMs }) => Math.round(readyMs));
  const readyMs = median(readyTimes);
  const floorMs = median(floorTimes);
  return {
    benchmark: 'fill',
    cluster,
    pods,
    readyMs,
    podsPerSecond: round((pods * 1000) / readyMs),
    floorMs,
    ratio: round(readyMs / floorMs),
    spread: { readyMs: spreadOf(readyTimes), floorMs: spreadOf(floorTimes) },
    runs: readyTimes.map((time, index) => ({ readyMs: time, floorMs: floorTimes[index] ?? NaN })),
    cpuSeconds: { pool: typical(pool, readyMs), floor: typical(floor, floorMs) },
  };
}

function typical(runs: FillRun[], medianMs: number): Record<string, number> {
  const distance = (run: FillRun): number => Math.abs(run.readyMs - medianMs);
  return runs.toSorted((a, b) => distance(a) - distance(b))[0]?.cpuSeconds ?? {};
}
