/** CPU time of processes, to show who spends the machine. */
import { readFile } from 'node:fs/promises';

/** Linux counts CPU time in hundredths of a second on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds (user and system) that a process has used since its start; null where /proc tells nothing of it. */
export async function cpuSecondsOf(pid: number): Promise<number | null> {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // Not Linux, or the process has ended: the figure is missing, nothing else depends on it.
    return null;
  }
}

/** Reads user and system time off a line of /proc/PID/stat, whose second field may hold anything. */
export function parseStat(line: string): number | null {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  const seconds = (user + system) / ticksPerSecond;
  return Number.isFinite(seconds) ? seconds : null;
}

/** A process whose CPU time is reported. */
export interface TimedProcess {
  name: string;
  pid: number | null;
}

/**
 * Starts counting; the function returned gives the CPU seconds that each process has used since, by
 * its name. Processes that restarted meanwhile, or that /proc does not know, are left out.
 */
export async function countCpuSeconds(
  processes: TimedProcess[],
): Promise<() => Promise<Record<string, number>>> {
  const read = async (): Promise<Map<string, { pid: number; seconds: number }>> => {
    const counted = new Map<string, { pid: number; seconds: number }>();
    for (const { name, pid } of processes) {
      const seconds = pid === null ? null : await cpuSecondsOf(pid);
      if (pid !== null && seconds !== null) counted.set(name, { pid, seconds });
    }
    return counted;
  };
  const before = await read();
  return async () => {
    const used: Record<string, number> = {};
    for (const [name, { pid, seconds }] of await read()) {
      const start = before.get(name);
      if (start?.pid === pid) used[name] = Math.round((seconds - start.seconds) * 100) / 100;
    }
    return used;
  };
}
