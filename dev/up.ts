/** `up`: starts an environment and keeps it, here until Ctrl-C or in a process left behind. */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ora from 'ora';
import type { Cluster } from './clusters/cluster.ts';
import { startEnvironment, type Environment } from './environment.ts';
import { endLeftovers } from './leftovers.ts';
import { createPoolView } from './show-pools.ts';
import {
  claimStateFolder,
  findSupervisor,
  logFolder,
  readStatus,
  releaseStateFolder,
  writeStatus,
} from './state-folder.ts';

/** How often pools are asked and processes looked at: a person's second. */
const lookEveryMs = 1_000;

/** The first start may install Temporal and compile a control plane: 6 minutes on two cores. */
const detachTimeoutMs = 1_200_000;

/** Characters of a log that an error quotes. */
const quotedCharacters = 1_500;

export interface UpOptions {
  stateDir: string;
  /** null: the kind that the state folder holds, else simulated. */
  cluster: Cluster['kind'] | null;
  context: string | null;
  headless: boolean;
  nodeDelaySeconds: number;
}

/** Runs an environment until SIGINT or SIGTERM, showing its pools; then stops it. */
export async function up(options: UpOptions): Promise<void> {
  const { stateDir } = options;
  const cluster = await chooseCluster(options);
  await claimStateFolder(stateDir);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort());
  const spinner = ora();
  try {
    const ended = await endLeftovers(stateDir);
    if (ended.length > 0) console.log(`Ended what outlived its keeper: ${ended.join(', ')}`);
    const environment = await startEnvironment({
      ...{ ...options, cluster, signal: ending.signal },
      onStep: (step) => (spinner.isSpinning ? spinner.succeed() : spinner).start(step),
    });
    spinner.succeed();
    try {
      await keep(environment, stateDir, ending.signal);
    } finally {
      spinner.start('Stopping the worker, the cluster and Temporal');
      await environment.stop();
      spinner.succeed();
    }
  } catch (error) {
    spinner.stop();
    if (!ending.signal.aborted) throw error;
  } finally {
    await releaseStateFolder(stateDir);
  }
}

/** Starts `up` in a process of its own; resolves when it is ready, raises with its log when it ends. */
export async function upDetached(options: UpOptions, args: string[]): Promise<void> {
  const { stateDir } = options;
  const running = await findSupervisor(stateDir);
  if (running !== null) throw new Error(`An environment runs already in ${stateDir} (${running})`);
  await mkdir(logFolder(stateDir), { recursive: true });
  const logFile = join(logFolder(stateDir), 'supervisor.log');
  const log = await open(logFile, 'w');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), 'up', ...args], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  const spinner = ora('Starting Temporal, the cluster and a worker').start();
  const deadlineMs = Date.now() + detachTimeoutMs;
  while (!(await readFile(logFile, 'utf8')).includes(readyLine)) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || Date.now() > deadlineMs) {
      spinner.fail();
      child.kill('SIGTERM');
      const said = (await readFile(logFile, 'utf8')).slice(-quotedCharacters).trim();
      throw new Error(`The environment did not start; ${logFile} ends with:\n${said}`);
    }
    await sleep(lookEveryMs / 5);
  }
  child.unref();
  spinner.succeed(`The environment runs (process ${String(child.pid)}, log ${logFile})`);
}

/** Printed when everything answers; `upDetached` waits for it. */
const readyLine = 'The environment runs.';

async function keep(environment: Environment, stateDir: string, signal: AbortSignal) {
  const { temporal } = environment.status();
  await writeStatus(stateDir, environment.status());
  for (const pool of environment.createdPools) console.log(`pool ${pool} created`);
  console.log(`${readyLine} Temporal: ${temporal.ui ?? temporal.address}. Ctrl-C stops it.`);
  const view = createPoolView(process.stdout);
  while (!signal.aborted) {
    try {
      view.show(await environment.pools.list());
    } catch (error) {
      // Its servers may be down for a while, as in a test of that; the next look tells.
      view.showTrouble(error instanceof Error ? error.message : String(error));
    }
    await writeStatus(stateDir, environment.status());
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
  view.end();
}

async function chooseCluster(options: UpOptions): Promise<Cluster['kind']> {
  const { stateDir, cluster, context } = options;
  const held = (await readStatus(stateDir))?.kubernetes.kind;
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
