/** Plays one schedule on servers of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEnvironment, until, type Environment } from '../e2e/environment.ts';
import { runTraffic } from './claim-traffic.ts';
import { judge } from './judge.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { playFaults, templateOf } from './play-faults.ts';
import { tellPods } from './tell-pods.ts';
import { ourProcesses, type Schedule } from './schedule.ts';
import { flappingPools } from './flapping-pools.ts';
import { isReady, sizeOf, startProcesses, type ProcessSize } from './start-processes.ts';

/** What came of a run. */
export interface ChaosResult {
  schedule: Schedule;
  /** What is wrong; empty when the run has passed. */
  breaches: string[];
  /** What happened when, in seconds from the start, a line each. */
  timeline: string[];
  /** Claims granted and pods created, so that a run in which nothing happened is noticed. */
  granted: number;
  created: number;
  /** Answers to clients, by status and code. */
  answers: Record<string, number>;
}

/** The first fill: nodes of exclusive pods come after `nodeDelaySeconds`. */
const fillMs = 60_000;
const nodeDelaySeconds = 3;

/** A silent node is Unknown after 12 s. */
const nodeLoss = { gracePeriodSeconds: 12, leaseDurationSeconds: 8 };

/** From the last fault on everything must be ready again within this. */
const recoverMs = 90_000;

/** Runs a schedule to its verdict. Raises when the servers do not start, or with the signal's reason. */
export async function runSchedule(
  schedule: Schedule,
  { onLine, signal }: { onLine: (line: string) => void; signal?: AbortSignal },
): Promise<ChaosResult> {
  process.env['PILOTLIGHT_CLUSTER'] = schedule.cluster;
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-chaos-'));
  const environment = await startEnvironment({
    nodeDelaySeconds,
    nodeLoss,
    // The verdict has it.
    replays: false,
    dynamicConfig: [`limit.historyCount.suggestContinueAsNew=${schedule.historyEvents}`],
  });
  const started: (() => Promise<void>)[] = [() => environment.stop()];
  try {
    const processes = await startProcesses({
      kubeconfigPath: environment.cluster.kubeconfigPath,
      temporalAddress: environment.temporal.address,
      clockOffsetsMs: schedule.clockOffsetsMs,
      folder,
    });
    started.push(() => processes.stop());
    const { running } = processes;
    const timeline: { atMs: number; line: string }[] = [];
    const startedAtMs = Date.now();
    const tell = ({ atMs, line }: { atMs: number; line: string }): string =>
      `${((atMs - startedAtMs) / 1_000).toFixed(2)} s  ${line}`;
    const world: ChaosWorld = {
      ...{ environment, running, pools: schedule.pools },
      ...{ harmed: new Set(), lostNodes: new Set() },
      targets: new Map(schedule.pools.map(({ name, warmTarget }) => [name, warmTarget])),
      raises: new Map(),
      uncertain: new Set(),
      flapped: flappingPools(schedule),
      note(what) {
        const moment = { atMs: Date.now(), line: what };
        timeline.push(moment);
        onLine(tell(moment));
      },
    };
    // What is left of an interrupted run ends with its servers.
    const result = await Promise.race([play(world, schedule), interruption(signal)]);
    for (const { name } of schedule.pools) {
      timeline.push(...tellPods(environment.recorder.moments(name)));
    }
    timeline.sort((one, other) => one.atMs - other.atMs);
    return { schedule, timeline: timeline.map(tell), ...result };
  } finally {
    for (const undo of started.toReversed()) await undo();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rejects once the signal is given; never resolves. */
function interruption(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(signal?.reason as Error);
    // The servers take a while to start, and the signal may have come meanwhile.
    if (signal?.aborted === true) end();
    signal?.addEventListener('abort', end, { once: true });
  });
}

async function play(
  world: ChaosWorld,
  schedule: Schedule,
): Promise<Pick<ChaosResult, 'breaches' | 'granted' | 'created' | 'answers'>> {
  const { environment, running, note } = world;
  await fill(environment, schedule);
  const before = new Map<string, ProcessSize>();
  for (const name of ourProcesses) {
    const size = await sizeOf(running[name].process);
    if (size !== null) before.set(name, size);
  }
  note('the pools are warm; faults and claims begin');
  let isOver = false;
  const claiming = runTraffic({
    urls: [running['api-one'].url, running['api-two'].url],
    pools: schedule.pools.map(({ name }) => name),
    ...{ clients: schedule.clients, seed: schedule.seed },
    isOver: () => isOver,
  });
  await playFaults(world, schedule);
  isOver = true;
  const traffic = await claiming;
  note('faults and claims are over');
  const breaches: string[] = [];
  for (const name of ourProcesses) {
    const { url } = running[name];
    await until({
      what: `readiness of ${name}`,
      timeoutMs: recoverMs,
      ask: () => isReady(url),
      holds: (ready) => ready,
    }).catch((error: unknown) => breaches.push(String(error)));
  }
  note('every process is ready');
  breaches.push(...(await judge({ world, traffic, before })));
  for (const breach of breaches) note(`breach: ${breach}`);
  const created = schedule.pools.reduce(
    (sum, { name }) => sum + environment.recorder.uids(name).length,
    0,
  );
  const answers = Object.fromEntries([...traffic.answers].sort());
  return { breaches, created, granted: traffic.promised.size, answers };
}

async function fill(environment: Environment, { pools }: Schedule): Promise<void> {
  for (const { name: pool, warmTarget, maxPods, shape } of pools) {
    const template = templateOf(shape, 0);
    await environment.createPool({ pool, warmTarget, maxPods, template, leaseSeconds: 10 });
  }
  for (const { name, warmTarget } of pools) {
    await environment.untilWarm(name, warmTarget, fillMs);
  }
}
