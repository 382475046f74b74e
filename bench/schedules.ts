/** When claims arrive in a warm-up and in the measured parts of a load. */
import { poissonArrivals } from './arrivals.ts';

/** Instants in milliseconds from the start of each stretch. */
export interface LoadSchedule {
  warmUp: number[];
  parts: number[][];
}

/** Long enough to compile what a claim runs through and to open the connections. */
const warmUpSeconds = 5;

/** Claims of a burst's warm-up. */
const warmUpClaims = 30;

/** A steady rate, in two halves, so that the floor and the pool each come first once. */
export function steadyLoad(options: {
  ratePerSecond: number;
  seconds: number;
  seed: number;
}): LoadSchedule {
  const { ratePerSecond, seconds, seed } = options;
  const part = (seconds: number, seed: number): number[] =>
    poissonArrivals({ ratePerSecond, seconds, seed });
  return {
    warmUp: part(warmUpSeconds, seed),
    parts: [part(seconds / 2, seed + 1), part(seconds / 2, seed + 2)],
  };
}

/** All claims at the same instant. */
export function burst(claims: number): LoadSchedule {
  const at = (count: number): number[] => Array.from({ length: count }, () => 0);
  return { warmUp: at(Math.min(claims, warmUpClaims)), parts: [at(claims)] };
}
