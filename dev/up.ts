/** `up`: starts an environment and keeps it until Ctrl-C. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './clusters/cluster.ts';
import { commandHint } from './command-hint.ts';
import { startEnvironment, type Environment } from './environment.ts';
import { endLeftovers, findLeftovers } from './leftovers.ts';
import { createPoolView, type PoolView } from './show-pools.ts';
import { createProgressView } from './show-progress.ts';
import { claimStateFolder, readStatus, releaseStateFolder, writeStatus } from './state-folder.ts';

/** How often pools are asked and processes looked at: a person's second. */
const lookEveryMs = 1_000;

export interface UpOptions {
  stateDir: string;
  /** null: the kind that the state folder holds, else simulated. */
  cluster: Cluster['kind'] | null;
  context: string | null;
  headless: boolean;
  nodeDelaySeconds: number;
}

/**
 * Runs an environment until SIGINT, SIGTERM or SIGHUP, showing its pools; then stops it. The same
 * signal again kills what has not ended yet.
 */
export async function up(options: UpOptions): Promise<void> {
  const { stateDir } = options;
  const cluster = await chooseCluster(options);
  await claimStateFolder(stateDir);
  const signal = endingSignal(stateDir);
  const progress = createProgressView(process.stderr);
  try {
    const ended = await endLeftovers(stateDir);
    if (ended.length > 0) console.log(`Ended what outlived its keeper: ${ended.join(', ')}`);
    const environment = await startEnvironment({
      ...{ ...options, cluster, signal, report: progress.report },
      onStep: (step) => progress.step(step),
    });
    progress.done();
    try {
      if (!signal.aborted) await keep(environment, stateDir, signal);
    } finally {
      progress.step('Stopping the worker, the cluster and Temporal');
      await environment.stop();
      progress.done();
    }
  } catch (error) {
    progress.cancel();
    if (signal.aborted) throw signal.reason;
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new Error(`No space is left on the disk of --state-dir ${stateDir}`, { cause: error });
  } finally {
    await releaseStateFolder(stateDir);
  }
}

/** Aborts when this process is told to end, or nobody reads what it shows any more. */
function endingSignal(stateDir: string): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!ending.signal.aborted)
        ending.abort(new Error(`Ended by ${signal} before everything ran`));
      else
        for (const { identity } of findLeftovers(stateDir)) process.kill(identity.pid, 'SIGKILL');
    });
  }
  // A closed terminal, or `| head`: without this the process would die and leave its children.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => ending.abort(new Error('Nobody reads the output any more')));
  }
  return ending.signal;
}

/** Printed when everything answers; `upDetached` waits for it. */
export const readyLine = 'The environment runs.';

async function keep(environment: Environment, stateDir: string, signal: AbortSignal) {
  const { temporal, api } = environment.status();
  await writeStatus(stateDir, environment.status());
  for (const pool of environment.createdPools) console.log(`pool ${pool} created`);
  console.log(`Temporal: ${temporal.ui ?? temporal.address}  API: ${api.url ?? 'off'}`);
  console.log(`For a shell: eval "$(${commandHint('env', stateDir).replaceAll('`', '')})"`);
  console.log(`${readyLine} Ctrl-C stops it.\n`);
  const view = createPoolView(process.stdout);
  // Two loops: pools take up to 8 s to answer while Temporal is away, just when processes restart.
  await Promise.all([
    everySecond(signal, () => writeStatus(stateDir, environment.status()), view),
    everySecond(signal, async () => view.show(await environment.pools.list()), view),
  ]);
  view.end();
}

/** Looks until the signal comes; shows what a look raises, and goes on. */
async function everySecond(
  signal: AbortSignal,
  look: () => Promise<void>,
  view: PoolView,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await look();
    } catch (error) {
      // Servers may be down for a while, as in a test of that, or the disk full; the next look tells.
      view.showTrouble(error instanceof Error ? error.message : String(error));
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function chooseCluster(options: UpOptions): Promise<Cluster['kind']> {
  const { stateDir, cluster, context } = options;
  const held = (await readStatus(stateDir))?.status.kubernetes.kind;
  if (held !== undefined && cluster !== null && held !== cluster) {
    throw new Error(
      `Expected \`--cluster\` ${held}, which ${stateDir} holds, got ${cluster}; give another --state-dir`,
    );
  }
  const kind = cluster ?? held ?? 'simulated';
  // Asked for anew at each start: a cluster of the user's own is never picked silently.
  if ((kind === 'kubeconfig') === (context !== null)) return kind;
  const expected = kind === 'kubeconfig' ? '`--context NAME`' : 'no `--context`';
  throw new Error(`Expected ${expected} with \`--cluster ${kind}\`, got ${context ?? 'none'}`);
}
