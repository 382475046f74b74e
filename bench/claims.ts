/**
 * How long a claim takes over HTTP while pods are claimed, released and replaced at a steady rate (or
 * all at once), against the floor: a bare loop that does the same at the same instants.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BareCluster, isReady, podsPath } from './bare-cluster.ts';
import { BarePool } from './claim-floor.ts';
import { loadClaims } from './claim-load.ts';
import { measurePhase, type Phase } from './claim-phase.ts';
import { reportClaims, type ClaimsReport, type LoadSettings } from './claims-report.ts';
import { measureEmptyLoad } from './empty/empty-load.ts';
import { readHistories } from './pool-histories.ts';
import type { LoadSchedule } from './schedules.ts';
import { removePools } from './several-pools.ts';
import { namespace, type Stage } from './stage.ts';

/** How long each claim is held. */
const dwellMs = 5_000;

/** Refilling after a burst of 300 took 3 s; ten times that is a pool that has stopped. */
const refillDeadlineMs = 60_000;

/** Claimed pods live beside the warm ones: a rate of 100 a second with a dwell of 5 s needs 500. */
const maxPods = 2_000;
const maxPending = 500;

const pool = 'claims';

/** What a load is made with. */
interface ClaimsOptions {
  stage: Stage;
  settings: LoadSettings;
  schedule: LoadSchedule;
  onStep: (step: string) => void;
  signal: AbortSignal;
}

/** Measures claims; raises when a pool does not fill or the load can't be made. */
export async function measureClaims(options: ClaimsOptions): Promise<ClaimsReport> {
  const { stage, settings, schedule, onStep, signal } = options;
  const { poolSize: size } = settings;
  const clusters = { claims: await BareCluster.connect(stage.kubeconfigPath), bulk: stage.bare };
  const floor = new BarePool({ name: 'floor', size, clusters });
  try {
    onStep(`Filling a pool and the floor with ${size} pods each`);
    await stage.createPool(pool, { warmTarget: size, maxPods, maxPending });
    await untilWarm(stage, size);
    await floor.start();
    const phases = await measurePhases(options, floor);
    onStep('Reading the histories');
    const { trouble, actions } = await readHistories(stage.client, [pool], phases.pool);
    onStep('As many empty activities at the same rate');
    const arrivalsMs = schedule.parts[0] ?? [];
    const empty = await measureEmptyLoad({ stage, arrivalsMs, signal });
    return reportClaims({ settings, ...phases, trouble, historyActions: actions, empty });
  } finally {
    await floor.stop();
    await removePools(stage, [{ pool, pods: size }]);
    await clusters.claims.close();
  }
}

/** The parts of the load, ours and the floor's in alternate order, after a warm-up of both. */
async function measurePhases(
  { stage, settings, schedule, onStep, signal }: ClaimsOptions,
  floor: BarePool,
): Promise<{ pool: Phase[]; floor: Phase[] }> {
  const phases: { pool: Phase[]; floor: Phase[] } = { pool: [], floor: [] };
  for (const [index, arrivalsMs] of [schedule.warmUp, ...schedule.parts].entries()) {
    const what = index === 0 ? 'Warming up' : `Part ${index} of ${schedule.parts.length}`;
    // The order changes from part to part, so that neither always runs on the fresher machine.
    const order = index % 2 === 0 ? (['pool', 'floor'] as const) : (['floor', 'pool'] as const);
    for (const kind of order) {
      onStep(`${what}: ${kind}, ${arrivalsMs.length} claims`);
      const claimIds = settings.claimIds ? `bench-${index}` : null;
      const load = { arrivalsMs, dwellMs, signal };
      const lastsMs = arrivalsMs.at(-1) ?? 0;
      const phase = await measurePhase({ stage, kind, lastsMs, signal }, async () => {
        if (kind === 'floor') {
          const timed = await floor.load(load);
          await floor.untilFull();
          return timed.map(({ latencyMs, result }) => ({ latencyMs, hit: true, result }));
        }
        const timed = await loadClaims({ ...load, urls: stage.apiUrls, pool, claimIds });
        await untilWarm(stage, settings.poolSize);
        return timed.map(({ latencyMs, result }) => {
          return { latencyMs, hit: result.ok && result.value.hit, result };
        });
      });
      if (index > 0) phases[kind].push(phase);
    }
  }
  return phases;
}

/** Waits until the pool has as many unclaimed Ready pods as it should. */
async function untilWarm(stage: Stage, size: number): Promise<void> {
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
