/**
 * Processes that outlived the one that kept them.
 *
 * A keeper that is killed with -9 can end nothing, so each of its processes is on record in the state
 * folder, as `log/NAME.pid`: the record is written at the process's start and goes with its end. Only a
 * process whose number and start are those on record is ours to end.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, parseIdentity, type ProcessIdentity } from './process-identity.ts';

/** For a database to be closed well; what has not ended then is killed. */
const endTimeoutMs = 15_000;

const lookEveryMs = 50;

/** Folders of a state folder that hold logs and records: its own, and those of its parts. */
const parts = ['.', 'temporal', 'cluster'];

/** A recorded process that still runs. */
export interface Leftover {
  name: string;
  identity: ProcessIdentity;
}

/** Puts a process that has just started on record. */
export function recordProcess(recordFile: string, pid: number): void {
  const identity = identify(pid);
  // One that has ended already leaves nothing to find.
  if (identity !== null) writeFileSync(recordFile, JSON.stringify(identity));
}

/** Takes a process that has ended off the record. */
export function forgetProcess(recordFile: string): void {
  rmSync(recordFile, { force: true });
}

/** The recorded processes of a state folder that still run. */
export function findLeftovers(stateDir: string): Leftover[] {
  const found: Leftover[] = [];
  for (const part of parts) {
    for (const file of recordFiles(join(stateDir, part, 'log'))) {
      const identity = parseIdentity(readFileSync(file, 'utf8'));
      if (identity !== null && isAlive(identity)) {
        found.push({ name: basename(file, '.pid'), identity });
      }
    }
  }
  return found;
}

/**
 * Ends what an earlier keeper of the folder left running, all at once, and resolves to the names when
 * none of it runs any more. Only the folder's keeper calls this: it also ends what a living one keeps.
 *
 * @throws when a process can't be ended, as another user's
 */
export async function endLeftovers(stateDir: string): Promise<string[]> {
  const leftovers = findLeftovers(stateDir);
  for (const { identity } of leftovers) {
    // A stopped process takes no SIGTERM before it goes on.
    end(identity, 'SIGCONT');
    end(identity, 'SIGTERM');
  }
  if (!(await haveEnded(leftovers))) {
    for (const { identity } of leftovers) end(identity, 'SIGKILL');
    if (!(await haveEnded(leftovers))) {
      const names = findLeftovers(stateDir).map(({ name, identity }) => `${name} ${identity.pid}`);
      throw new Error(`Processes of an earlier start did not end: ${names.join(', ')}`);
    }
  }
  return leftovers.map(({ name }) => name);
}

async function haveEnded(leftovers: Leftover[]): Promise<boolean> {
  const deadlineMs = Date.now() + endTimeoutMs;
  while (leftovers.some(({ identity }) => isAlive(identity))) {
    if (Date.now() > deadlineMs) return false;
    await sleep(lookEveryMs);
  }
  return true;
}

function end(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function recordFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.pid'))
      .map((name) => join(folder, name));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
