/**
 * Steady claims for long, with a worker restarted every minute: `npm run soak -- --minutes M`. Writes a
 * chart, and prints the verdict as its last line; exit code 1 when a limit was exceeded.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { poissonArrivals } from '../../bench/arrivals.ts';
import { runOpenLoop } from '../../bench/open-loop.ts';
import { fetchMetrics, sumOfMetric } from '../../bench/prometheus.ts';
import { wholeNumber } from '../../bench/whole-number.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { checkInvariants } from '../e2e/check-invariants.ts';
import { startEnvironment, type Environment } from '../e2e/environment.ts';
import { colocated } from '../e2e/pod-templates.ts';
import { drawLines, type Line } from './draw-lines.ts';
import { ourProcesses } from './schedule.ts';
import { sizeOf, startProcesses, type OurRunning } from './start-processes.ts';

const pools = Array.from({ length: 10 }, (_, index) => `soak-${index}`);
const warmTarget = 3;
const ratePerSecond = 10;
const restartEveryMs = 60_000;
const sampleEveryMs = 5_000;

/** What a soak must keep to. The first minutes compile code and fill caches. */
const limits = {
  warmUpSeconds: 120,
  /** A slope over less is noise. */
  leastSlopeSeconds: 180,
  /** Growth of a process that is not restarted, after the warm-up. */
  megabytesPerTenMinutes: 5,
  watcherLagP99Seconds: 1,
  historyEvents: 10_240,
  failedClaimRatio: 0.001,
};

/** Ends a soak early; its servers are stopped all the same. */
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
}

interface Sample {
  atSeconds: number;
  values: Record<string, number>;
}

async function sample(environment: Environment, running: Record<string, OurRunning>) {
  const values: Record<string, number> = {};
  for (const name of ourProcesses) {
    const ours = running[name];
    const size = ours && (await sizeOf(ours.process).catch(() => null));
    if (!ours || !size) continue;
    values[`${name} MB`] = size.residentMegabytes;
    values[`${name} handles`] = size.handles;
    // A worker that is being restarted has no page for a moment.
    const page = await fetchMetrics(`${ours.url}/metrics`).catch(() => null);
    if (page === null) continue;
    values[`${name} loop ms`] = 1_000 * sumOfMetric(page, 'nodejs_eventloop_lag_p99_seconds');
    if (name.startsWith('worker')) {
      const lag = sumOfMetric(page, 'pilotlight_watcher_lag_seconds');
      values['watcher lag s'] = Math.max(values['watcher lag s'] ?? 0, lag);
    }
  }
  const lengths = await Promise.all(
    pools.map(async (pool) => {
      const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
      return (await handle.describe()).historyLength;
    }),
  );
  values['longest history'] = Math.max(...lengths);
  return values;
}

/** The value below which a part of the samples lies. */
function quantile(values: number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0;
}

/** Growth by ten minutes, by the straight line that fits best. */
function slopePerTenMinutes(points: Line['points']): number {
  const mean = (values: number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const x = mean(points.map(({ atSeconds }) => atSeconds));
  const y = mean(points.map(({ value }) => value));
  const above = points.reduce((sum, p) => sum + (p.atSeconds - x) * (p.value - y), 0);
  const below = points.reduce((sum, p) => sum + (p.atSeconds - x) ** 2, 0);
  return below === 0 ? 0 : (600 * above) / below;
}

function lineOf(samples: Sample[], name: string): Line {
  const points = samples.flatMap(({ atSeconds, values }) => {
    const value = values[name];
    return value === undefined ? [] : [{ atSeconds, value }];
  });
  return { name, points };
}

function chart(samples: Sample[]): string {
  const each = (what: string): Line[] =>
    ourProcesses.map((name) => lineOf(samples, `${name} ${what}`));
  return drawLines([
    { title: 'Resident memory in MB', lines: each('MB') },
    { title: 'Handles', lines: each('handles') },
    { title: 'Event loop delay, p99, in ms', lines: each('loop ms') },
    { title: 'Lag of the watcher in s', lines: [lineOf(samples, 'watcher lag s')] },
    { title: 'Events of the longest history', lines: [lineOf(samples, 'longest history')] },
  ]);
}

/** What exceeded its limit; only processes that were never restarted are judged by their growth. */
function judgeSoak(samples: Sample[], claims: { made: number; failed: number }): string[] {
  const breaches: string[] = [];
  const judge = (what: string, value: number, limit: number): void => {
    console.log(`${what}: ${Number(value.toPrecision(3))} (limit ${limit})`);
    if (value > limit) breaches.push(`${what} ${value.toPrecision(3)} > ${limit}`);
  };
  const late = samples.filter(({ atSeconds }) => atSeconds >= limits.warmUpSeconds);
  const lateSeconds = (late.at(-1)?.atSeconds ?? 0) - limits.warmUpSeconds;
  const isLong = lateSeconds >= limits.leastSlopeSeconds;
  if (!isLong) console.log('growth of memory: not judged, the run was too short');
  for (const name of isLong ? ['worker-two', 'api-one', 'api-two'] : []) {
    const growth = slopePerTenMinutes(lineOf(late, `${name} MB`).points);
    judge(`growth of ${name} in MB per 10 minutes`, growth, limits.megabytesPerTenMinutes);
  }
  const lags = lineOf(samples, 'watcher lag s').points.map(({ value }) => value);
  judge('p99 of the lag of the watcher in s', quantile(lags, 0.99), limits.watcherLagP99Seconds);
  const lengths = lineOf(samples, 'longest history').points.map(({ value }) => value);
  judge('longest history in events', Math.max(...lengths), limits.historyEvents);
  judge('claims that failed, of one', claims.failed / claims.made, limits.failedClaimRatio);
  return breaches;
}

async function soak(minutes: number, output: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-soak-'));
  const environment = await startEnvironment({ nodeDelaySeconds: 1 });
  const undo: (() => Promise<void>)[] = [() => environment.stop()];
  try {
    const processes = await startProcesses({
      kubeconfigPath: environment.cluster.kubeconfigPath,
      temporalAddress: environment.temporal.address,
      clockOffsetsMs: { 'worker-one': 0, 'worker-two': 0, 'api-one': 0, 'api-two': 0 },
      folder,
    });
    undo.push(() => processes.stop());
    const { running } = processes;
    for (const pool of pools) {
      await environment.createPool({ pool, warmTarget, template: colocated(), leaseSeconds: 60 });
    }
    for (const pool of pools) await environment.untilWarm(pool, warmTarget, 60_000);
    const seconds = minutes * 60;
    const startedAtMs = performance.now();
    const samples: Sample[] = [];
    const released = new Set<string>();
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, interruption.signal]);
    const every = async (ms: number, act: () => Promise<void>): Promise<void> => {
      const paused = (): Promise<boolean> => sleep(ms, true, { signal }).catch(() => false);
      while (await paused()) await act();
    };
    const beside = [
      every(sampleEveryMs, async () => {
        const atSeconds = (performance.now() - startedAtMs) / 1_000;
        samples.push({ atSeconds, values: await sample(environment, running) });
      }),
      every(restartEveryMs, async () => {
        await running['worker-one'].process.stop();
        await running['worker-one'].process.start();
      }),
    ];
    const load = runOpenLoop({
      arrivalsMs: poissonArrivals({ ratePerSecond, seconds, seed: 1 }),
      signal,
      task: async (index) => {
        const url = running[index % 2 === 0 ? 'api-one' : 'api-two'].url;
        const pool = pools[index % pools.length] ?? '';
        const claimed = await fetch(`${url}/v1/pools/${pool}/claims`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ claimId: `soak-${index}`, waitSeconds: 20 }),
        });
        const claim = (await claimed.json()) as { pod?: { uid: string }; code?: string };
        if (claim.pod === undefined) throw new Error(`${claimed.status} ${claim.code}`);
        await sleep(1_000);
        released.add(claim.pod.uid);
        await fetch(`${url}/v1/claims/soak-${index}`, { method: 'DELETE' });
      },
    });
    // One that fails beside the load ends it too, and is raised here, not out of a promise that nobody awaits.
    const [done] = await Promise.all([load.finally(() => ending.abort()), ...beside]).finally(() =>
      ending.abort(),
    );
    const failed = done.filter(({ result }) => !result.ok).length;
    const reasons = new Map<string, number>();
    for (const { result } of done) {
      if (result.ok) continue;
      const reason = String(result.error);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of reasons) console.log(`${count} claims failed: ${reason}`);
    await writeFile(output, chart(samples));
    const breaches = judgeSoak(samples, { made: done.length, failed });
    for (const pool of pools) await environment.untilWarm(pool, warmTarget, 120_000);
    await checkInvariants({ environment, pools, released });
    return breaches;
  } finally {
    for (const stop of undo.toReversed()) await stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const { minutes, output } = new Command('soak')
  .addOption(
    new Option('--minutes <number>', 'how long').argParser(wholeNumber(1, 1_440)).default(10),
  )
  .option('--output <file>', 'where the chart goes', 'soak.svg')
  .parse()
  .opts<{ minutes: number; output: string }>();
try {
  const breaches = await soak(minutes, output);
  const verdict = breaches.length === 0 ? 'passed' : `FAILED: ${breaches.join(', ')}`;
  console.log(`soak: ${minutes} minutes ${verdict}; chart in ${output}`);
  process.exit(breaches.length === 0 ? 0 : 1);
} catch (error) {
  if (!interruption.signal.aborted) throw error;
  console.log(`soak: ${String(interruption.signal.reason)}, and its servers are stopped`);
  process.exit(1);
}
