/** Tells one life of a process from another that got its number later. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One life of a process. Numbers come again; a number with the moment of its start does not. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the system's own words: only compared. */
  startedAt: string;
}

/** The life that has this number now; null when there is none, a dead one that nobody has awaited included. */
export function identify(pid: number): ProcessIdentity | null {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return startedAt === null ? null : { pid, startedAt };
}

/** Whether that very life still goes on. */
export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt;
}

/** Reads what `JSON.stringify` made of an identity; null for anything else, as a half-written file is. */
export function parseIdentity(text: string): ProcessIdentity | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { pid, startedAt } = value as Record<string, unknown>;
  const isPid = typeof pid === 'number' && Number.isInteger(pid) && pid > 1;
  return isPid && typeof startedAt === 'string' ? { pid, startedAt } : null;
}

/** Clock ticks since the boot, with the boot's own id: the clock may be set, this can't. */
function startOnLinux(pid: number): string | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the name in parentheses and may hold anything, so count from its end.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return null;
  // Of the manual's numbers `state` is 3 and `starttime` 22.
  return `${readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? ''}/${rest[18] ?? ''}`;
}

/** Whole seconds, which is what other systems tell. */
function startByPs(pid: number): string | null {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    const said = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { stdio });
    return said.toString().trim() || null;
  } catch {
    // `ps` fails when no process has the number.
    return null;
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // ENOENT or ESRCH: the process ended, also in the middle of reading.
    return null;
  }
}
