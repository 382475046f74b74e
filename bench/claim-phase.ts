/** One stretch of a load, ours or the floor's, and what it cost. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Actions } from './actions.ts';
import { auditDelayMs, countOwnWrites } from './audit.ts';
import { countersSince, readCounters } from './counters.ts';
import { countCpuSeconds } from './cpu-seconds.ts';
import type { Timed } from './open-loop.ts';
import { measureSaturation, type Saturation } from './saturation.ts';
import type { Stage } from './stage.ts';

/** What came of a stretch; everything is counted until the pool is as full as it was before. */
export interface Phase {
  /** In milliseconds since 1970. */
  fromMs: number;
  toMs: number;
  /** In the order of their arrivals. */
  claims: { latencyMs: number; hit: boolean; error: string | null }[];
  cpuSeconds: Record<string, number>;
  /** While claims arrived. */
  saturation: Saturation;
  racesLost: number;
  /** Temporal's actions by kind, heartbeats included. */
  actions: Actions;
  /** Bytes that watches brought, by process. */
  watchBytes: Record<string, number>;
  /** Our own writes to the API server by verb and resource; null where they can't be told apart. */
  writes: Record<string, number> | null;
}

/** Runs a load and counts what it cost until everything is as it was before. */
export async function measurePhase(
  options: {
    stage: Stage;
    kind: 'pool' | 'floor';
    /** How long claims arrive. */
    lastsMs: number;
    signal: AbortSignal;
  },
  load: () => Promise<(Pick<Timed<unknown>, 'latencyMs' | 'result'> & { hit: boolean })[]>,
): Promise<Phase> {
  const { stage, kind, lastsMs, signal } = options;
  const before = await readCounters(stage);
  const fromMs = Date.now();
  const usedCpu = await countCpuSeconds(stage.processes());
  const [timed, saturation] = await Promise.all([
    load(),
    measureSaturation({ processes: stage.processes(), lastsMs, signal }),
  ]);
  const cpuSeconds = await usedCpu();
  const toMs = Date.now();
  // Controllers and databases still work on what was deleted, and the log is not written yet.
  await sleep(auditDelayMs);
  // The floor writes nothing that is ours to count.
  const isCounted = kind === 'pool' && stage.auditLog !== null;
  return {
    ...{ fromMs, toMs, cpuSeconds, saturation },
    claims: timed.map(({ latencyMs, hit, result }) => {
      return { latencyMs, hit, error: result.ok ? null : String(result.error) };
    }),
    ...countersSince(before, await readCounters(stage)),
    writes:
      isCounted && stage.auditLog !== null
        ? await countOwnWrites(stage.auditLog, before.logEndsAt)
        : null,
  };
}
