/**
 * What an environment leaves in its state folder about itself.
 *
 * `supervisor.pid` tells the process that keeps the environment and goes with it; `environment.json` says where its
 * servers answer and stays afterwards, so that a second start knows the kind of cluster kept there.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './clusters/cluster.ts';
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
  await withLock({ path, timeoutMs: claimTimeoutMs }, async () => {
    const keeper = await findSupervisor(stateDir);
    if (keeper !== null) {
      throw new Error(
        `Expected no environment to run in \`--state-dir\` ${stateDir}, but process ${keeper} keeps one; ` +
          'end it with `./temporal-dev.sh stop`, or give another --state-dir',
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

/** Remembers where everything answers. Readers see the old or the new whole, never a half. */
export async function writeStatus(stateDir: string, status: EnvironmentStatus): Promise<void> {
  const half = `${statusFile(stateDir)}.half`;
  await writeFile(half, JSON.stringify(status, null, 2));
  await rename(half, statusFile(stateDir));
}

/** The last status written; null before the first start. It may be of an environment that has ended. */
export async function readStatus(stateDir: string): Promise<EnvironmentStatus | null> {
  const text = await readIfThere(statusFile(stateDir));
  return text === null ? null : (JSON.parse(text) as EnvironmentStatus);
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
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
