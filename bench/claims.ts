/**
 * How long a claim takes over HTTP while pods are claimed, released and replaced at a steady rate (or
 * all at once), against the floor: a bare loop that does the same at the same instants.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { auditDelayMs, countOwnWrites, endOfLog } from './audit.ts';
import { BareCluster, isReady, podsPath } from './bare-cluster.ts';
import { BarePool } from './claim-floor.ts';
import { loadClaims } from './claim-load.ts';
import { reportClaims, type ClaimsReport, type LoadSettings, type Phase } from './claims-report.ts';
import { countCpuSeconds } from './cpu-seconds.ts';
import type { Timed } from './open-loop.ts';
import { fetchMetrics, sumOfMetric } from './prometheus.ts';
import type { LoadSchedule } from './schedules.ts';
import { removePools } from './several-pools.ts';
import { namespace, type Stage } from './stage.ts';

/** How long each claim is held. */
const dwellMs = 5_000;

/** After a phase controllers and databases still work on what was deleted. */
const restMs = 2_000;

/** Refilling after a burst of 300 took 3 s; ten times that is a pool that has stopped. */
const refillDeadlineMs = 60_000;

/** Claimed pods live beside the warm ones: a rate of 100 a second with a dwell of 5 s needs 500. */
const maxPods = 2_000;
const maxPending = 500;

/** Measures claims; raises when a pool does not fill or the load can't be made. */
export async function measureClaims(options: {
  stage: Stage;
  settings: LoadSettings;
  schedule: LoadSchedule;
  onStep: (step: string) => void;
  signal: AbortSignal;
}): Promise<ClaimsReport> {
  const { stage, settings, schedule, onStep, signal } = options;
  const { poolSize: size } = settings;
  const clusters = { claims: await BareCluster.connect(stage.kubeconfigPath), bulk: stage.bare };
  const floor = new BarePool({ name: 'floor', size, clusters });
  const pool = 'claims';
  try {
    onStep(`Filling a pool and the floor with ${size} pods each`);
    await stage.createPool(pool, { warmTarget: size, maxPods, maxPending });
    await untilWarm(stage, pool, size);
    await floor.start();
    const phases: { pool: Phase[]; floor: Phase[] } = { pool: [], floor: [] };
    for (const [index, arrivalsMs] of [schedule.warmUp, ...schedule.parts].entries()) {
      const what = index === 0 ? 'Warming up' : `Part ${index} of ${schedule.parts.length}`;
      // The order changes from part to part, so that neither always runs on the fresher machine.
      const order = index % 2 === 0 ? (['pool', 'floor'] as const) : (['floor', 'pool'] as const);
      for (const kind of order) {
        onStep(`${what}: ${kind}, ${arrivalsMs.length} claims`);
        const claimIds = settings.claimIds ? `bench-${index}` : null;
        const load = { arrivalsMs, dwellMs, signal };
        const phase = await (kind === 'floor'
          ? measurePhase(stage, async () => {
              const timed = await floor.load(load);
              await floor.untilFull();
              return timed.map((claim) => withHit(claim, true));
            })
          : measurePhase(stage, async () => {
              const timed = await loadClaims({ ...load, urls: stage.apiUrls, pool, claimIds });
              await untilWarm(stage, pool, size);
              return timed.map((claim) =>
                withHit(claim, claim.result.ok && claim.result.value.hit),
              );
            }));
        if (index > 0) phases[kind].push(phase);
        await sleep(restMs);
      }
    }
    return reportClaims({ settings, ...phases });
  } finally {
    await floor.stop();
    await removePools(stage, [{ pool, pods: size }]);
    await clusters.claims.close();
  }
}

function withHit(claim: Timed<unknown>, hit: boolean): Phase['claims'][number] {
  const { latencyMs, result } = claim;
  return { latencyMs, hit, error: result.ok ? null : String(result.error) };
}

/** Runs a load and counts what it cost until everything is as it was before. */
async function measurePhase(stage: Stage, load: () => Promise<Phase['claims']>): Promise<Phase> {
  const before = await readCounters(stage);
  const usedCpu = await countCpuSeconds(stage.processes());
  const claims = await load();
  const cpuSeconds = await usedCpu();
  if (stage.auditLog !== null) await sleep(auditDelayMs);
  const after = await readCounters(stage);
  return {
    claims,
    cpuSeconds,
    racesLost: after.racesLost - before.racesLost,
    actions: after.actions - before.actions,
    writes: stage.auditLog === null ? null : await countOwnWrites(stage.auditLog, before.logEndsAt),
  };
}

interface Counters {
  racesLost: number;
  actions: number;
  logEndsAt: number;
}

async function readCounters(stage: Stage): Promise<Counters> {
  let racesLost = 0;
  for (const url of stage.apiUrls) {
    const text = await fetchMetrics(`${url}/metrics`);
    racesLost += sumOfMetric(text, 'pilotlight_claim_races_lost_total');
  }
  const temporal = await fetchMetrics(stage.metricsUrl);
  return {
    racesLost,
    actions: sumOfMetric(temporal, 'action', { namespace: 'default' }),
    logEndsAt: stage.auditLog === null ? 0 : await endOfLog(stage.auditLog),
  };
}

/** Waits until the pool has as many unclaimed Ready pods as it should. */
async function untilWarm(stage: Stage, pool: string, size: number): Promise<void> {
  const selector = `pilotlight.dev/pool=${pool},pilotlight.dev/state=unclaimed`;
  const path = `${podsPath(namespace)}?labelSelector=${encodeURIComponent(selector)}`;
  const deadlineMs = performance.now() + refillDeadlineMs;
  for (;;) {
    const { text } = await stage.bare.call({ method: 'GET', path, expected: [200] });
    const { items } = JSON.parse(text) as { items: Parameters<typeof isReady>[0][] };
    const warm = items.filter((pod) => isReady(pod)).length;
    if (warm >= size) return;
    if (performance.now() > deadlineMs) {
      throw new Error(`the pool has ${warm} of ${size} pods warm after ${refillDeadlineMs} ms`);
    }
    await sleep(500);
  }
}
