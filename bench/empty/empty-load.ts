/** The floor of Temporal for claims: as many activities that do nothing, at the same rate. */
import { countCpuSeconds } from '../cpu-seconds.ts';
import { runOpenLoop } from '../open-loop.ts';
import type { Stage } from '../stage.ts';
import { round } from '../statistics.ts';
import { EmptyActivities } from './empty-activities.ts';

/** Those that arrive in as long a time are started together: so often does a pool hear of its pods at most. */
const tickMs = 200;

/** What came of it. */
export interface EmptyLoad {
  activities: number;
  /** Milliseconds from the last start until the last activity was done. */
  lateMs: number;
  cpuSeconds: Record<string, number>;
}

/** Runs one activity an arrival in one workflow, which is told of those of each tick by a signal. */
export async function measureEmptyLoad(options: {
  stage: Stage;
  arrivalsMs: number[];
  signal: AbortSignal;
}): Promise<EmptyLoad> {
  const { stage, arrivalsMs, signal } = options;
  const batches = batchesOf(arrivalsMs);
  const empty = await EmptyActivities.start(stage.client, stage.temporalAddress);
  try {
    await empty.run(Math.max(1, batches[0]?.count ?? 0));
    const usedCpu = await countCpuSeconds(stage.processes());
    const running = await empty.startSignalled(arrivalsMs.length);
    const startedAt = performance.now();
    await runOpenLoop({
      arrivalsMs: batches.map(({ atMs }) => atMs),
      signal,
      task: (index) => running.more(batches[index]?.count ?? 0),
    });
    await running.ended();
    const lateMs = performance.now() - startedAt - (batches.at(-1)?.atMs ?? 0);
    return { activities: arrivalsMs.length, lateMs: round(lateMs), cpuSeconds: await usedCpu() };
  } finally {
    await empty.stop();
  }
}

/** How many arrive in each tick, told at its end; ticks without any are left out. Exported for its test. */
export function batchesOf(arrivalsMs: number[]): { atMs: number; count: number }[] {
  const counts = new Map<number, number>();
  for (const arrivalMs of arrivalsMs) {
    const atMs = (Math.floor(arrivalMs / tickMs) + 1) * tickMs;
    counts.set(atMs, (counts.get(atMs) ?? 0) + 1);
  }
  return [...counts].map(([atMs, count]) => ({ atMs, count }));
}
