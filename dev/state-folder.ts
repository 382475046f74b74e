/**
 * What an environment leaves in its state folder about itself.
 *
 * `supervisor.pid` tells the process that keeps the environment and goes with it; `environment.json` says where its
 * servers answer and stays afterwards, so that a second start knows the kind of cluster kept there.
 */
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './clusters/cluster.ts';
import { commandHint } from './command-hint.ts';
import { withLock } from './file-lock.ts';
import { identify, isAlive, parseIdentity } from './process-identity.ts';

/** An environment as `status -o json` prints it. */
export interface EnvironmentStatus {
  temporal: { address: string; namespace: string; ui: string | null };
  kubernetes: { kind: Cluster['kind']; kubeconfig: string; namespace: string };
  /** null while no HTTP API is served. */
  api: { url: string | null };
  processes: { name: string; pid: number | null; restarts: number }[];
}

/** Looking at one small file; another start that looks at the same time is done as soon. */
const claimTimeoutMs = 10_000;

/** Makes this process the keeper of the folder. Raises when another one, still alive, is. */
export async function claimStateFolder(stateDir: string): Promise<void> {
  // Of two starts at once, one gets the folder and the other an error.
  const path = join(stateDir, 'supervisor.lock');
  await makeStateFolder(stateDir);
  await withLock({ path, timeoutMs: claimTimeoutMs }, async () => {
    const keeper = await findSupervisor(stateDir);
    if (keeper !== null) {
      throw new Error(
        `Expected no environment to run in \`--state-dir\` ${stateDir}, but process ${keeper} keeps one; ` +
          `end it with ${commandHint('stop', stateDir)}, or give another --state-dir`,
      );
    }
    await writeFile(pidFile(stateDir), JSON.stringify(identify(process.pid)));
  });
}

/** Gives the folder back. */
export async function releaseStateFolder(stateDir: string): Promise<void> {
  await rm(pidFile(stateDir), { force: true });
}

/** The process that keeps the folder's environment; null when none is alive. */
export async function findSupervisor(stateDir: string): Promise<number | null> {
  const keeper = parseIdentity((await readIfThere(pidFile(stateDir))) ?? '');
  return keeper !== null && isAlive(keeper) ? keeper.pid : null;
}

/** Makes a state folder with its folder of logs. Raises when it can't be written to. */
export async function makeStateFolder(stateDir: string): Promise<void> {
  try {
    await mkdir(logFolder(stateDir), { recursive: true });
    await access(stateDir, constants.W_OK);
  } catch (error) {
    throw new Error(
      `Expected \`--state-dir\` ${stateDir} to be a folder that can be written to, got: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Remembers where everything answers, and that this process keeps it. Readers see the old or the new whole, never a half. */
export async function writeStatus(stateDir: string, status: EnvironmentStatus): Promise<void> {
  const half = `${statusFile(stateDir)}.half`;
  await writeFile(half, JSON.stringify({ keeper: process.pid, status }, null, 2));
  await rename(half, statusFile(stateDir));
}

/**
 * The last status written, with the number of the process that wrote it; null before the first start.
 * It may be of an environment that has ended.
 */
export async function readStatus(
  stateDir: string,
): Promise<{ keeper: number; status: EnvironmentStatus } | null> {
  const text = await readIfThere(statusFile(stateDir));
  if (text === null) return null;
  const kept = JSON.parse(text) as { keeper: number; status: EnvironmentStatus };
  // Version 0.1 kept the status alone, which names its cluster all the same.
  const isOld = !('status' in kept);
  return isOld ? { keeper: 0, status: kept } : kept;
}

/** Where its processes' output is kept. */
export function logFolder(stateDir: string): string {
  return join(stateDir, 'log');
}

function pidFile(stateDir: string): string {
  return join(stateDir, 'supervisor.pid');
}

function statusFile(stateDir: string): string {
  return join(stateDir, 'environment.json');
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // ENOTDIR: the state folder's path leads through a file.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
