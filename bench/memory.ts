/** Memory of processes, and of which parts ours is made up. */
import { readFile } from 'node:fs/promises';
import type { TimedProcess } from './cpu-seconds.ts';
import { fetchMetrics, sumOfMetric } from './prometheus.ts';
import { round } from './statistics.ts';

const bytesPerMb = 1_000_000;

/** Resident memory in MB, by process. */
export type Memory = Record<string, number>;

/** Resident memory off the text of /proc/PID/status, in MB; null of any other text. */
export function parseStatus(text: string): number | null {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return found === undefined ? null : Math.round((Number(found) * 1024) / bytesPerMb);
}

/** Resident memory of each process that runs; those of which /proc tells nothing are left out. */
export async function readMemory(processes: TimedProcess[]): Promise<Memory> {
  const memory: Memory = {};
  for (const { name, pid } of processes) {
    // Not Linux, or the process has ended: the figure is missing, nothing else depends on it.
    const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8').catch(() => '');
    const residentMb = parseStatus(status);
    if (residentMb !== null) memory[name] = residentMb;
  }
  return memory;
}

/** What a Node process of ours is made up of, in MB. What is not named here is native or code. */
export interface MemoryParts {
  residentMb: number;
  /** Objects of the main thread. Workflows have an isolate of their own, which is in no part. */
  heapUsedMb: number;
  heapTotalMb: number;
  externalMb: number;
}

/** Reads the parts off the metrics that each of our processes serves. */
export function memoryPartsOf(metrics: string): MemoryParts {
  const mb = (name: string): number => round(sumOfMetric(metrics, name) / bytesPerMb);
  return {
    residentMb: mb('process_resident_memory_bytes'),
    heapUsedMb: mb('nodejs_heap_size_used_bytes'),
    heapTotalMb: mb('nodejs_heap_size_total_bytes'),
    externalMb: mb('nodejs_external_memory_bytes'),
  };
}

/** The parts of each process, by its name. Raises when one does not serve its metrics. */
export async function readMemoryParts(
  processes: { name: string; url: string }[],
): Promise<Record<string, MemoryParts>> {
  const parts: Record<string, MemoryParts> = {};
  for (const { name, url } of processes) {
    parts[name] = memoryPartsOf(await fetchMetrics(`${url}/metrics`));
  }
  return parts;
}
