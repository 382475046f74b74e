/** What is read before and after a phase of a load, and what came between. */
import { actionsSince, readActions, type Actions } from './actions.ts';
import { endOfLog } from './audit.ts';
import { fetchMetrics, sumOfMetric } from './prometheus.ts';
import type { Stage } from './stage.ts';

/** One reading. */
export interface Counters {
  racesLost: number;
  actions: Actions;
  logEndsAt: number;
  /** Bytes that watches have brought, by process; `bench` is the floor's own watch. */
  watchBytes: Record<string, number>;
}

/** Reads all of them. Raises when a process does not serve its metrics. */
export async function readCounters(stage: Stage): Promise<Counters> {
  let racesLost = 0;
  const watchBytes: Record<string, number> = { bench: stage.bare.watchedBytes };
  for (const { name, url } of stage.ours) {
    const text = await fetchMetrics(`${url}/metrics`);
    racesLost += sumOfMetric(text, 'pilotlight_claim_races_lost_total');
    watchBytes[name] = sumOfMetric(text, 'pilotlight_watch_bytes_total');
  }
  return {
    racesLost,
    watchBytes,
    actions: readActions(await fetchMetrics(stage.metricsUrl)),
    logEndsAt: stage.auditLog === null ? 0 : await endOfLog(stage.auditLog),
  };
}

/** What came between two readings. */
export function countersSince(
  before: Counters,
  after: Counters,
): Pick<Counters, 'racesLost' | 'actions' | 'watchBytes'> {
  return {
    racesLost: after.racesLost - before.racesLost,
    actions: actionsSince(before.actions, after.actions),
    watchBytes: Object.fromEntries(
      Object.entries(after.watchBytes).map(([name, bytes]) => [
        name,
        bytes - (before.watchBytes[name] ?? 0),
      ]),
    ),
  };
}
