/** Figures of several runs and of many latencies. */
import { build } from 'hdr-histogram-js';

/** The middle value; the mean of the two middle ones for an even count. NaN of none. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Lowest and highest of several runs: with three to five runs that says more than a deviation. */
export interface Spread {
  min: number;
  max: number;
}

/** Lowest and highest of the values. */
export function spreadOf(values: number[]): Spread {
  return { min: Math.min(...values), max: Math.max(...values) };
}

/** Percentiles of latencies in milliseconds; all 0 when there were none. */
export interface Percentiles {
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Latencies are kept in whole microseconds, so that a histogram of integers is exact to 0.1 %. */
const microseconds = 1_000;

/** Percentiles of latencies in milliseconds, which must not be negative. */
export function percentilesOf(latenciesMs: number[]): Percentiles {
  const histogram = build({ numberOfSignificantValueDigits: 3 });
  for (const latency of latenciesMs) histogram.recordValue(Math.round(latency * microseconds));
  const at = (percentile: number): number =>
    round(histogram.getValueAtPercentile(percentile) / microseconds);
  return {
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    maxMs: latenciesMs.length === 0 ? 0 : round(histogram.maxValue / microseconds),
  };
}

/** To two decimals: more are noise in every figure that is reported. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
