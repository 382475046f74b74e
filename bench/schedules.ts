/** When claims arrive in a warm-up and in the measured parts of a load. */
import { poissonArrivals } from './arrivals.ts';

/** Instants in milliseconds from the start of each stretch. */
export interface LoadSchedule {
  warmUp: number[];
  parts: number[][];
}

/** Long enough to compile what a claim runs through and to open the connections. */
const warmUpSeconds = 4;

/** Claims of a burst's warm-up. */
const warmUpClaims = 30;

/** A steady rate, in parts of the same length, so that the floor and the pool come first in turn. */
export function steadyLoad(options: {
  ratePerSecond: number;
  /** Of all parts together. */
  seconds: number;
  parts: number;
  seed: number;
}): LoadSchedule {
  const { ratePerSecond, seconds, parts, seed } = options;
  const part = (seconds: number, seed: number): number[] =>
    poissonArrivals({ ratePerSecond, seconds, seed });
  return {
    warmUp: part(warmUpSeconds, seed),
    parts: Array.from({ length: parts }, (_, index) => part(seconds / parts, seed + 1 + index)),
  };
}

/** All claims at the same instant, so many times. */
export function burst({ claims, parts }: { claims: number; parts: number }): LoadSchedule {
  const at = (count: number): number[] => Array.from({ length: count }, () => 0);
  return {
    warmUp: at(Math.min(claims, warmUpClaims)),
    parts: Array.from({ length: parts }, () => at(claims)),
  };
}
