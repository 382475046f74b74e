/**
 * What each pool and each pod adds: memory of all processes, and Temporal's actions for a spawn, while
 * the same servers hold ever more. One pool of few pods, then of many, then more pools, then more pods
 * in these, so that what a pool costs can be told from what its pods do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { actionsEach, actionsSince, readActions, type Actions } from './actions.ts';
import { readMemory, readMemoryParts, type Memory, type MemoryParts } from './memory.ts';
import { fitMemory, type MemoryFit } from './memory-fit.ts';
import { readHistories } from './pool-histories.ts';
import { fetchMetrics } from './prometheus.ts';
import { costOf, watchQuiet, type QuietHour } from './quiet.ts';
import { fillInTurns, removePools, type Share } from './several-pools.ts';
import type { Stage } from './stage.ts';
import { median } from './statistics.ts';
import type { WorkflowTrouble } from './workflow-trouble.ts';

/** After a fill the collector has work of its own; cards are published at most 30 s later. */
const settleMs = 20_000;

/** Memory goes up and down by what the collector does: a step's is the middle of these readings. */
const readings = 5;
const readingEveryMs = 1_000;

/** Pods of the first pool from the second step on, and of each that joins it. */
const firstPoolPods = 500;
const joiningPods = 10;

/** How many pods each pool holds at each step, the first pool first. */
const steps: { pools: number; pods: number }[] = [
  { pools: 1, pods: 10 },
  { pools: 1, pods: firstPoolPods },
  { pools: 10, pods: firstPoolPods + 9 * joiningPods },
  { pools: 50, pods: firstPoolPods + 49 * joiningPods },
  { pools: 50, pods: 2_000 },
];

/** One step. */
interface GrowthStep {
  pools: number;
  pods: number;
  fillMs: number;
  memoryMb: Memory;
  /** Temporal's actions for each pod that was added, by kind. */
  actionsPerNewPod: Actions;
}

/** The report of growth. */
export interface GrowthReport {
  benchmark: 'growth';
  cluster: string;
  heartbeats: string;
  /** Of the last step. */
  pools: number;
  pods: number;
  /** Before the first pool. */
  emptyMb: Memory;
  steps: GrowthStep[];
  /** By process. */
  fit: Record<string, MemoryFit>;
  /** Of the last step. */
  parts: Record<string, MemoryParts>;
  /** How long was measured, after the last step. */
  seconds: number;
  quiet: QuietHour;
  cpuSeconds: Record<string, number>;
  trouble: WorkflowTrouble;
}

/** Measures growth. Raises when a step does not fill. */
export async function measureGrowth(options: {
  stage: Stage;
  cluster: string;
  heartbeats: string;
  seconds: number;
  onStep: (step: string) => void;
  signal: AbortSignal;
}): Promise<GrowthReport> {
  const { stage, cluster, heartbeats, seconds, onStep, signal } = options;
  // A worker that has just started holds 40 MB that its first collection gives back.
  onStep(`Letting the processes settle for ${settleMs / 1000} s`);
  await sleep(settleMs, undefined, { signal });
  const emptyMb = await readTypicalMemory(stage, signal);
  const done: GrowthStep[] = [];
  let shares: Share[] = [];
  try {
    for (const { pools, pods } of steps) {
      onStep(`Growing to ${pools} pools with ${pods} pods`);
      const before = readActions(await fetchMetrics(stage.metricsUrl));
      const had = new Map(shares.map((share) => [share.pool, share.pods]));
      const podsBefore = shares.reduce((sum, share) => sum + share.pods, 0);
      shares = sharesAt({ pools, pods }).map((share) => {
        return { ...share, had: had.get(share.pool) ?? 0 };
      });
      const grown = shares.filter((share) => share.pods > (share.had ?? 0));
      const fillMs = Math.round(await fillInTurns(stage, grown));
      const after = readActions(await fetchMetrics(stage.metricsUrl));
      await sleep(settleMs, undefined, { signal });
      done.push({
        ...{ pools, pods, fillMs },
        memoryMb: await readTypicalMemory(stage, signal),
        actionsPerNewPod: actionsEach(actionsSince(before, after), pods - podsBefore),
      });
    }
    onStep(`Measuring for ${seconds} s`);
    const { actions, cpuSeconds } = await watchQuiet({ stage, seconds, signal });
    const names = shares.map(({ pool }) => pool);
    const { pools = 0, pods = 0 } = done.at(-1) ?? {};
    return {
      ...{ benchmark: 'growth', cluster, heartbeats, pools, pods, seconds, emptyMb, cpuSeconds },
      steps: done,
      fit: fitsOf(emptyMb, done),
      parts: await readMemoryParts(stage.ours),
      quiet: costOf({ actions, seconds, pools }),
      trouble: (await readHistories(stage.client, names)).trouble,
    };
  } finally {
    await removePools(stage, shares);
  }
}

/** The pools of a step. None of them shrinks from one to the next. Exported for its test. */
export function sharesAt({ pools, pods }: { pools: number; pods: number }): Share[] {
  const first = Math.min(pods, firstPoolPods);
  const others = pools - 1;
  const rest = pods - first;
  return Array.from({ length: pools }, (_, index) => {
    if (index === 0) return { pool: 'growth-0', pods: first };
    const more = index - 1 < rest % others ? 1 : 0;
    return { pool: `growth-${index}`, pods: Math.floor(rest / others) + more };
  });
}

/** A fit for each process that was there at every step. */
function fitsOf(emptyMb: Memory, done: GrowthStep[]): Record<string, MemoryFit> {
  const all = [{ pools: 0, pods: 0, memoryMb: emptyMb }, ...done];
  const names = Object.keys(emptyMb).filter((name) =>
    all.every(({ memoryMb }) => memoryMb[name] !== undefined),
  );
  return Object.fromEntries(
    names.map((name) => [
      name,
      fitMemory(
        all.map(({ pools, pods, memoryMb }) => {
          return { pools, pods, megabytes: memoryMb[name] ?? 0 };
        }),
      ),
    ]),
  );
}

async function readTypicalMemory(stage: Stage, signal: AbortSignal): Promise<Memory> {
  const read: Memory[] = [];
  for (let reading = 0; reading < readings; reading += 1) {
    await sleep(readingEveryMs, undefined, { signal });
    read.push(await readMemory(stage.processes()));
  }
  const names = Object.keys(read[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(read.flatMap((memory) => memory[name] ?? []))]),
  );
}
