/** How much of the machine is in use while a load lasts. */
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { countCpuSeconds, type TimedProcess } from './cpu-seconds.ts';
import { round } from './statistics.ts';

/** Shares of all cores' time: 1 is a machine on which nothing more fits. */
export interface Saturation {
  /** The processes of the benchmark: ours, Temporal, the cluster, and the load generator. */
  ours: number;
  /** Everything that runs on the machine, the kernel included. */
  machine: number;
}

/** A burst is over in less; its saturation is that of this time. */
const shortestMs = 1_000;

/** Measures for a time from now, at least a second. Ends early, with a rejection, by the signal. */
export async function measureSaturation(options: {
  processes: TimedProcess[];
  lastsMs: number;
  signal: AbortSignal;
}): Promise<Saturation> {
  const { processes, lastsMs, signal } = options;
  const startedAt = performance.now();
  const before = readMachine();
  const usedCpu = await countCpuSeconds(processes);
  await sleep(Math.max(shortestMs, lastsMs), undefined, { signal });
  const used = Object.values(await usedCpu()).reduce((total, seconds) => total + seconds, 0);
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  const after = readMachine();
  return {
    ours: round(used / (availableParallelism() * elapsedSeconds)),
    machine: round((after.busy - before.busy) / Math.max(1, after.all - before.all)),
  };
}

function readMachine(): { busy: number; all: number } {
  const machine = { busy: 0, all: 0 };
  for (const { times } of cpus()) {
    const all = Object.values(times).reduce((total, ms) => total + ms, 0);
    machine.all += all;
    machine.busy += all - times.idle;
  }
  return machine;
}
