/** Says of a measurement, in figures of its own, where the time or the memory goes. Pure. */
import type { MemoryParts } from './memory.ts';
import type { Report } from './results.ts';
import { round } from './statistics.ts';

type Of<B extends Report['benchmark']> = Extract<Report, { benchmark: B }>;
type CpuSeconds = Record<string, number>;

/** One sentence or several; `cores` are those of the machine. */
export function whereTimeGoes(report: Report, cores: number): string {
  switch (report.benchmark) {
    case 'fill':
      return ofFill(report, cores);
    case 'claims':
    case 'burst':
      return ofClaims(report, cores);
    case 'restart':
      return ofRestart(report);
    case 'quiet':
      return ofMemory(report.parts['worker'], report.memoryMb.empty['worker']);
    case 'growth':
      return `${ofMemory(report.parts['worker'], report.emptyMb['worker'])} ${ofFit(report)}`.trim();
  }
}

function ofFill(
  { pods, readyMs, floorMs, cpuSeconds, ...fill }: Of<'fill'>,
  cores: number,
): string {
  const inUse = (cpu: CpuSeconds, ms: number): string =>
    percent((sum(cpu) * 1000) / (cores * Math.max(1, ms)));
  return [
    `CPU a pod: ${each(cpuSeconds.pool, pods)}; of the floor ${each(cpuSeconds.floor, pods)}.`,
    `The benchmark's processes used ${inUse(cpuSeconds.pool, readyMs)} of ${cores} cores for ${readyMs} ms, in the floor ${inUse(cpuSeconds.floor, floorMs)} for ${floorMs} ms; as many empty activities took ${fill.emptyActivitiesMs} ms.`,
  ].join(' ');
}

/**
 * From this rate on the claims' CPU says what the machine can carry: at slower ones much of it is what the
 * cluster spends anyway, a fifth of a core.
 */
const busyRate = 45;

function ofClaims(report: Of<'claims' | 'burst'>, cores: number): string {
  const { ratePerSecond, claims, cpuSeconds, saturation, growth, empty } = report;
  const most = (cpu: CpuSeconds): string => {
    const cpuOfOne = sum(cpu) / Math.max(1, claims.count);
    return cpuOfOne > 0 ? String(Math.round(cores / cpuOfOne)) : 'any number';
  };
  const machine = (name: 'pool' | 'floor'): string =>
    `${percent(saturation[name].ours)} (${percent(saturation[name].machine)} with all that runs on the machine)`;
  return [
    `CPU a claim: ${each(cpuSeconds.pool, claims.count)}; of the floor ${each(cpuSeconds.floor, claims.count)}; of an empty activity ${each(empty.cpuSeconds, empty.activities)}.`,
    `While claims arrived, the benchmark's processes used ${machine('pool')} of ${cores} cores, in the floor ${machine('floor')}.`,
    ...((ratePerSecond ?? 0) < busyRate
      ? []
      : [
          `By their CPU, ${cores} cores carry at most ${most(cpuSeconds.pool)} claims a second, of the floor ${most(cpuSeconds.floor)}.`,
        ]),
    ...(growth === null
      ? []
      : [
          `p50 from the first third of a part to the last: ${growth.pool.firstThirdP50Ms} to ${growth.pool.lastThirdP50Ms} ms, of the floor ${growth.floor.firstThirdP50Ms} to ${growth.floor.lastThirdP50Ms} ms.`,
        ]),
  ].join(' ');
}

function ofRestart({ firstClaimMs, firstClaimCpuMs, floorMs }: Of<'restart'>): string {
  return `Of ${firstClaimMs} ms the new replica used the CPU for ${firstClaimCpuMs ?? 'an unknown number of'} ms; a process that does nothing and a list of these pods took ${floorMs} ms.`;
}

function ofMemory(parts: MemoryParts | undefined, emptyMb: number | undefined): string {
  if (parts === undefined) return '';
  const { residentMb, heapUsedMb, heapTotalMb, externalMb } = parts;
  const rest = round(residentMb - heapTotalMb - externalMb);
  return `The worker's ${residentMb} MB are ${heapTotalMb} MB of its main heap (${heapUsedMb} in use), ${externalMb} MB of buffers, and ${rest} MB of programs, the isolate of the workflows, and Temporal's SDK; it had ${emptyMb ?? 'an unknown number of'} MB before the first pool.`;
}

function ofFit({ fit }: Of<'growth'>): string {
  const worker = fit['worker'];
  if (worker === undefined) return '';
  return `A pool adds ${worker.perPoolKb} KB to it, a pod ${worker.perPodKb} KB.`;
}

/** Milliseconds of CPU each, and by process, the largest first; below a tenth they are left out. */
function each(cpuSeconds: CpuSeconds, count: number): string {
  const ms = (seconds: number): number => Math.round((seconds * 10_000) / Math.max(1, count)) / 10;
  const parts = Object.entries(cpuSeconds)
    .map(([name, seconds]) => ({ name, ms: ms(seconds) }))
    .filter(({ ms }) => ms >= 0.1)
    .sort((a, b) => b.ms - a.ms)
    .map(({ name, ms }) => `${name} ${ms}`);
  const total = `${ms(sum(cpuSeconds))} ms`;
  return parts.length === 0 ? total : `${total} (${parts.join(', ')})`;
}

function sum(cpuSeconds: CpuSeconds): number {
  return Object.values(cpuSeconds).reduce((total, seconds) => total + seconds, 0);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
