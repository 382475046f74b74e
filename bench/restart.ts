/**
 * How long it takes until a process that was killed is of use again: an API replica until its first
 * claim, with many pods to list before; a worker until a fill that it was killed in goes on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { podsPath } from './bare-cluster.ts';
import { cpuSecondsOf } from './cpu-seconds.ts';
import type { OurProcess } from './our-processes.ts';
import { countReadyPods } from './ready-pods.ts';
import { createPools, fillInTurns, removePools, selectorOf, sharesOf } from './several-pools.ts';
import { namespace, type Stage } from './stage.ts';
import { median, spreadOf, type Spread } from './statistics.ts';

/** Pause between claims that are refused because nobody listens yet. */
const askEveryMs = 10;

/** A replica whose first claim takes longer does not start at all. */
const claimDeadlineMs = 60_000;

/** Pods of the fill that a worker is killed in, and how many of them are Ready then. */
const interruptedPods = 300;
const readyWhenKilled = 50;

/** Time for the last requests of a killed worker to be done and seen; 200 ms were too short on a busy machine. */
const lastRequestsMs = 1_000;

/** How a fill goes on after its worker was killed. */
interface Resumed {
  firstPodMs: number;
  allReadyMs: number;
}

/** The report of restarts; times are medians. */
export interface RestartReport {
  benchmark: 'restart';
  cluster: string;
  /** Pods in the namespace while the API starts. */
  pods: number;
  pools: number;
  /** From the start of the process to the answer of the first claim. */
  firstClaimMs: number;
  /** CPU time of the process in that time; null where it can't be told. */
  firstClaimCpuMs: number | null;
  /** The same machine starts a Node process that does nothing, and lists these pods. */
  floorMs: number;
  ratio: number;
  spread: { firstClaimMs: Spread; floorMs: Spread };
  /** From the start of the killed worker's successor; of a fill of 300. */
  resumed: Resumed & { spread: Record<keyof Resumed, Spread> };
  /** The same for a worker that was told to end (SIGTERM), from the start of its successor. */
  handedOver: Resumed & { spread: Record<keyof Resumed, Spread> };
  /** From the start of a killed worker's successor until it replaces a pod that was deleted just then. */
  watchedMs: number;
  watchedSpread: Spread;
}

/** Measures restarts. Raises when a process does not come back. */
export async function measureRestart(options: {
  stage: Stage;
  cluster: string;
  pools: number;
  pods: number;
  runs: number;
  onStep: (step: string) => void;
  signal: AbortSignal;
}): Promise<RestartReport> {
  const { stage, cluster, pools, pods, runs, onStep, signal } = options;
  const [worker, api] = stage.ours;
  if (worker === undefined || api === undefined) throw new Error('Expected a worker and an API');
  const shares = sharesOf({ name: 'restart', pools, pods });
  try {
    onStep(`Filling ${pools} pools with ${pods} pods`);
    await fillInTurns(stage, shares);
    const times: { claims: number[]; cpu: number[]; floor: number[] } = {
      ...{ claims: [], cpu: [], floor: [] },
    };
    for (let run = 1; run <= runs; run += 1) {
      signal.throwIfAborted();
      onStep(`Run ${run} of ${runs}: the API starts`);
      times.floor.push(await startBare(stage));
      const { claimMs, cpuMs } = await startApi(api, shares[0]?.pool ?? '');
      times.claims.push(claimMs);
      if (cpuMs !== null) times.cpu.push(cpuMs);
    }
    const [fills, stops, watched]: [Resumed[], Resumed[], number[]] = [[], [], []];
    for (let run = 1; run <= fillRunsOf(runs); run += 1) {
      signal.throwIfAborted();
      onStep(`Run ${run} of ${fillRunsOf(runs)}: a worker is killed during a fill`);
      fills.push(await resumeFill({ stage, worker, name: `resumed-${run}`, ends: 'kill' }));
      onStep(`Run ${run} of ${fillRunsOf(runs)}: a worker is told to end during a fill`);
      stops.push(await resumeFill({ stage, worker, name: `handed-${run}`, ends: 'stop' }));
      onStep(`Run ${run} of ${fillRunsOf(runs)}: a pod is deleted while the worker starts`);
      watched.push(await replacePod({ stage, worker, pool: shares[0]?.pool ?? '' }));
    }
    const firstClaimMs = Math.round(median(times.claims));
    const floorMs = Math.round(median(times.floor));
    return {
      ...{ benchmark: 'restart', cluster, pods, pools, firstClaimMs, floorMs },
      ...{ resumed: summarize(fills), handedOver: summarize(stops) },
      ...{ watchedMs: Math.round(median(watched)), watchedSpread: spreadOf(watched) },
      firstClaimCpuMs: times.cpu.length === 0 ? null : Math.round(median(times.cpu)),
      ratio: Math.round((firstClaimMs / floorMs) * 100) / 100,
      spread: { firstClaimMs: spreadOf(times.claims), floorMs: spreadOf(times.floor) },
    };
  } finally {
    await removePools(stage, shares);
  }
}

/** A fill takes ten times as long as a start of the API: three for five of these. */
function fillRunsOf(runs: number): number {
  return Math.ceil(runs / 2);
}

function summarize(fills: Resumed[]): RestartReport['resumed'] {
  const first = fills.map(({ firstPodMs }) => firstPodMs);
  const all = fills.map(({ allReadyMs }) => allReadyMs);
  return {
    ...{ firstPodMs: Math.round(median(first)), allReadyMs: Math.round(median(all)) },
    spread: { firstPodMs: spreadOf(first), allReadyMs: spreadOf(all) },
  };
}

/** Kills the replica, starts it and claims until it grants one. */
async function startApi(
  api: OurProcess,
  pool: string,
): Promise<{ claimMs: number; cpuMs: number | null }> {
  await api.process.kill();
  const startedAt = performance.now();
  const started = api.process.start();
  const granted = claimSoon(`${api.url}/v1/pools/${pool}/claims`);
  // A replica that does not start ends the wait for its claim; its health is asked for later than that.
  const [claimedAt] = await Promise.all([granted, Promise.race([started, granted])]);
  const { pid } = api.process;
  const cpuSeconds = pid === null ? null : await cpuSecondsOf(pid);
  await started;
  const cpuMs = cpuSeconds === null ? null : Math.round(cpuSeconds * 1000);
  return { claimMs: Math.round(claimedAt - startedAt), cpuMs };
}

async function claimSoon(url: string): Promise<number> {
  const deadlineMs = performance.now() + claimDeadlineMs;
  let refusal: unknown = null;
  while (performance.now() < deadlineMs) {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"waitSeconds":0}',
        signal: AbortSignal.timeout(claimDeadlineMs),
      });
      const text = await answer.text();
      if (answer.ok) return performance.now();
      refusal = text;
    } catch (error) {
      // Nobody listens yet.
      refusal = error;
    }
    await sleep(askEveryMs);
  }
  throw new Error(`no claim was granted within ${claimDeadlineMs} ms: ${String(refusal)}`);
}

/** What no replica can do without: a process that starts, and the list of pods. */
async function startBare(stage: Stage): Promise<number> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' }), 'exit');
  await stage.bare.call({ method: 'GET', path: podsPath(namespace), expected: [200] });
  return Math.round(performance.now() - startedAt);
}

/** Ends the worker, with -9 or SIGTERM, when a part of the pods is Ready, and starts it again at once. */
async function resumeFill(options: {
  stage: Stage;
  worker: OurProcess;
  /** Of the pool. */
  name: string;
  ends: 'kill' | 'stop';
}): Promise<Resumed> {
  const { stage, worker, name, ends } = options;
  const shares = sharesOf({ name, pools: 1, pods: interruptedPods });
  const watched = { bare: stage.bare, namespace, selector: selectorOf(shares) };
  const some = await countReadyPods({ ...watched, pods: readyWhenKilled });
  const all = await countReadyPods({ ...watched, pods: interruptedPods });
  const news = Promise.withResolvers<number>();
  let isKilled = false;
  const stopWatch = await stage.bare.watchPods({
    ...{ namespace, selector: watched.selector, onEnd: news.reject },
    onChange: (type) => {
      if (type === 'ADDED' && isKilled) news.resolve(performance.now());
    },
  });
  try {
    await Promise.all([some.all(), createPools(stage, shares)]);
    await worker.process[ends]();
    if (ends === 'kill') await sleep(lastRequestsMs);
    isKilled = true;
    const startedAt = performance.now();
    const [firstAt, allAt] = await Promise.all([news.promise, all.all(), worker.process.start()]);
    return {
      firstPodMs: Math.round(firstAt - startedAt),
      allReadyMs: Math.round(allAt - startedAt),
    };
  } finally {
    stopWatch();
    some.stop();
    all.stop();
    await removePools(stage, shares);
  }
}

/** Kills the worker, starts it, and deletes a pod by hand meanwhile: its watch must be back to see that. */
async function replacePod(options: {
  stage: Stage;
  worker: OurProcess;
  pool: string;
}): Promise<number> {
  const { stage, worker, pool } = options;
  const { bare } = stage;
  const selector = `pilotlight.dev/pool=${pool},pilotlight.dev/state=unclaimed`;
  const replaced = Promise.withResolvers<number>();
  let startedAt = Infinity;
  const names: string[] = [];
  const stopWatch = await bare.watchPods({
    ...{ namespace, selector, onEnd: replaced.reject },
    onChange: (type, { metadata }) => {
      if (type !== 'ADDED') return;
      names.push(metadata?.name ?? '');
      if (startedAt < Infinity) replaced.resolve(performance.now());
    },
  });
  try {
    await worker.process.kill();
    await sleep(lastRequestsMs);
    startedAt = performance.now();
    const started = worker.process.start();
    const path = `${podsPath(namespace)}/${names[0] ?? ''}`;
    await bare.call({ method: 'DELETE', path, expected: [200] });
    const [at] = await Promise.all([replaced.promise, started]);
    return Math.round(at - startedAt);
  } finally {
    stopWatch();
  }
}
