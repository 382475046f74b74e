/**
 * Steady claims for long, with a worker restarted every minute: `npm run soak -- --minutes M`. Writes a
 * chart and what it was drawn from, and prints the verdict as its last line; exit code 1 when a limit was
 * exceeded.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { poissonArrivals } from '../../bench/arrivals.ts';
import { runOpenLoop } from '../../bench/open-loop.ts';
import { readActions, sumOfActions } from '../../bench/actions.ts';
import { imageEnvironment } from '../../bench/image-environment.ts';
import { fetchMetrics, sumOfMetric } from '../../bench/prometheus.ts';
import { wholeNumber } from '../../bench/whole-number.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { checkInvariants } from '../e2e/check-invariants.ts';
import { startEnvironment, type Environment } from '../e2e/environment.ts';
import { colocated } from '../e2e/pod-templates.ts';
import { judgeSoak, lineOf, type Sample } from './judge-soak.ts';
import { ourProcesses } from './schedule.ts';
import { drawSoak, type Line } from './soak-chart.ts';
import { sizeOf, startProcesses, type OurRunning } from './start-processes.ts';

const pools = Array.from({ length: 10 }, (_, index) => `soak-${index}`);
const warmTarget = 3;
const ratePerSecond = 10;
const restartEveryMs = 60_000;
const sampleEveryMs = 5_000;
const tellEveryMs = 60_000;

/** Those that are never restarted. */
const steady = ['worker-two', 'api-one', 'api-two'];

/** Ends a soak early; its servers are stopped all the same. */
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
}

/** Notes what there is to see of processes and pools; `runs` gathers each pool's runs. */
async function sample(
  environment: Environment,
  running: Record<string, OurRunning>,
  runs: Set<string>,
): Promise<Sample['values']> {
  const values: Sample['values'] = {};
  for (const name of ourProcesses) {
    const ours = running[name];
    const size = ours && (await sizeOf(ours.process).catch(() => null));
    if (!ours || !size) continue;
    values[`${name} MB`] = size.residentMegabytes;
    values[`${name} handles`] = size.handles;
    // A worker that is being restarted has no page for a moment.
    const page = await fetchMetrics(`${ours.url}/metrics`).catch(() => null);
    if (page === null) continue;
    values[`${name} heap MB`] = sumOfMetric(page, 'nodejs_heap_size_used_bytes') / 1e6;
    values[`${name} loop ms`] = 1_000 * sumOfMetric(page, 'nodejs_eventloop_lag_p99_seconds');
    if (name.startsWith('worker')) {
      const lag = sumOfMetric(page, 'pilotlight_watcher_lag_seconds');
      values['watcher lag s'] = Math.max(values['watcher lag s'] ?? 0, lag);
    }
  }
  // A busy Temporal may miss a deadline: the look is missing then, and the next one is 5 s away.
  const described = await Promise.all(
    pools.map((pool) => environment.client.workflow.getHandle(poolWorkflowId(pool)).describe()),
  ).catch(() => []);
  for (const { runId, historyLength } of described) {
    runs.add(runId);
    values['longest history'] = Math.max(values['longest history'] ?? 0, historyLength);
  }
  values['continued as new'] = Math.max(0, runs.size - pools.length);
  const actions = await countActions(environment).catch(() => null);
  if (actions !== null) values['actions'] = actions;
  return values;
}

async function countActions({ temporal }: Environment): Promise<number> {
  return sumOfActions(readActions(await fetchMetrics(temporal.metricsUrl)));
}

/** Actions by the hour, over the twelve samples (a minute) before each. */
function actionsPerHour(samples: Sample[]): Line {
  const { points } = lineOf(samples, 'actions');
  const rates = points.slice(12).map(({ atSeconds, value }, index) => {
    const before = points[index] ?? { atSeconds: 0, value: 0 };
    const hours = (atSeconds - before.atSeconds) / 3_600;
    return { atSeconds, value: Math.round((value - before.value) / hours) };
  });
  return { name: 'actions an hour', points: rates };
}

function chart(samples: Sample[]): string {
  const each = (what: string): Line[] =>
    ourProcesses.map((name) => ({ ...lineOf(samples, `${name} ${what}`), name }));
  const one = (name: string): Line[] => [lineOf(samples, name)];
  return drawSoak([
    { title: 'Resident memory in MB', lines: each('MB') },
    {
      title: 'Heap of the main thread in MB, what waits for collection included',
      lines: each('heap MB'),
    },
    { title: 'Handles', lines: each('handles') },
    { title: 'Event loop delay in ms, p99 of 5 s', lines: each('loop ms') },
    { title: 'Lag of the watcher in s', lines: one('watcher lag s') },
    { title: 'Events of the longest history', lines: one('longest history') },
    { title: 'Runs of pools that were continued as new', lines: one('continued as new') },
    { title: 'Temporal actions an hour, over the last minute', lines: [actionsPerHour(samples)] },
  ]);
}

/** A line of progress. */
function tell({ atSeconds, values }: Sample, claims: number): string {
  const megabytes = ourProcesses.map((name) => `${name} ${values[`${name} MB`] ?? '?'}`);
  const longest = values['longest history'];
  return `${Math.round(atSeconds / 60)} min: ${claims} claims, MB: ${megabytes.join(', ')}; longest history ${longest}`;
}

async function soak(minutes: number, output: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-soak-'));
  const environment = await startEnvironment({
    nodeDelaySeconds: 1,
    // An hour takes minutes to replay, and chaos records the same.
    replays: false,
  });
  const undo: (() => Promise<void>)[] = [() => environment.stop()];
  try {
    const processes = await startProcesses({
      kubeconfigPath: environment.cluster.kubeconfigPath,
      temporalAddress: environment.temporal.address,
      env: imageEnvironment,
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
    const runs = new Set<string>();
    const actionsBefore = await countActions(environment);
    let ended = 0;
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
        samples.push({ atSeconds, values: await sample(environment, running, runs) });
      }),
      every(tellEveryMs, async () => {
        const last = samples.at(-1);
        if (last) console.log(tell(last, ended));
        // The picture so far: an hour is long to wait for the first look.
        await writeFile(output, chart(samples));
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
        ended += 1;
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
    await writeFile(`${output}.json`, JSON.stringify(samples));
    const actions = (await countActions(environment)) - actionsBefore;
    const judged = judgeSoak({ samples, claims: { made: done.length, failed }, actions, steady });
    for (const { what, value, limit } of judged) {
      console.log(`${what}: ${Number(value.toPrecision(3))} (limit ${limit})`);
    }
    console.log(`runs continued as new: ${runs.size - pools.length}`);
    for (const pool of pools) await environment.untilWarm(pool, warmTarget, 120_000);
    await checkInvariants({ environment, pools, released });
    return judged
      .filter(({ isKept }) => !isKept)
      .map(({ what, value, limit }) => `${what} ${value.toPrecision(3)} > ${limit}`);
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
