/** Whether latencies grow while a load lasts: what a queue does that is never emptied. Pure. */
import { median, percentilesOf, round } from './statistics.ts';

/** The typical latency at the start and at the end of a load; medians of its parts. */
export interface LatencyGrowth {
  /** Of the first third of the claims of a part. */
  firstThirdP50Ms: number;
  lastThirdP50Ms: number;
  /** Of the last to the first. */
  ratio: number;
}

/** Latencies of each part in the order of their arrivals. */
export function growthOf(parts: number[][]): LatencyGrowth {
  const third = (latencies: number[]): number => Math.ceil(latencies.length / 3);
  const p50Of = (latencies: number[]): number => percentilesOf(latencies).p50Ms;
  const firstThirdP50Ms = round(median(parts.map((part) => p50Of(part.slice(0, third(part))))));
  const lastThirdP50Ms = round(median(parts.map((part) => p50Of(part.slice(-third(part))))));
  return { firstThirdP50Ms, lastThirdP50Ms, ratio: round(lastThirdP50Ms / firstThirdP50Ms) };
}
