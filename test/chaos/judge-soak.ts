/** Whether a soak kept to its limits; docs/limits.md has them in words. */
import type { Line } from './soak-chart.ts';

/** What was seen at one moment, by name: `api-one MB`, `watcher lag s`. */
export interface Sample {
  atSeconds: number;
  values: Record<string, number>;
}

/** What a soak must keep to. */
export const soakLimits = {
  /** Processes that are never restarted: MB of resident memory, and handles, by ten minutes. */
  megabytesPerTenMinutes: 1,
  handlesPerTenMinutes: 5,
  /** For a run whose judged part is shorter: a process's own ups and downs are steeper than 1. */
  megabytesPerTenMinutesOfShortRun: 5,
  watcherLagP99Seconds: 1,
  /** The middle of the samples, each of which is the p99 of 5 s. */
  loopDelayMs: 100,
  historyEvents: 10_240,
  failedClaimRatio: 0.001,
  /** A claim a second of each pool: what changes in one pool shares a signal less often than at 10/s. */
  actionsPerClaim: 6,
};

/**
 * Half of the run, but not less than 2 minutes. Code is compiled, caches fill, and allocators find their
 * level: the worker of an hour stood at 285 MB after 10 minutes, 289 after 20, and at 291 to 298 from then on
 * (2.5, 1.8 and 0.6 MB by 10 minutes from minute 10, 15 and 30 on).
 */
const warmUpPart = 0.5;
const leastWarmUpSeconds = 120;

/** Growth over less is noise, and is not judged. */
const leastJudgedSeconds = 180;
const longRunSeconds = 25 * 60;

/** One thing that was judged. */
export interface Judgement {
  what: string;
  value: number;
  limit: number;
  isKept: boolean;
}

/** The points of one name, where it was seen. */
export function lineOf(samples: Sample[], name: string): Line {
  const points = samples.flatMap(({ atSeconds, values }) => {
    const value = values[name];
    return value === undefined ? [] : [{ atSeconds, value }];
  });
  return { name, points };
}

/** Judges all limits. `steady` are the processes that were never restarted: only they are judged by growth. */
export function judgeSoak(options: {
  samples: Sample[];
  claims: { made: number; failed: number };
  /** Temporal's actions of the whole run. */
  actions: number;
  steady: string[];
}): Judgement[] {
  const { samples, claims, actions, steady } = options;
  const judge = (what: string, value: number, limit: number): Judgement => ({
    ...{ what, value, limit },
    // Nothing seen is nothing kept: a NaN fails.
    isKept: value <= limit,
  });
  const lastSeconds = samples.at(-1)?.atSeconds ?? 0;
  const warmUpSeconds = Math.max(leastWarmUpSeconds, lastSeconds * warmUpPart);
  const late = samples.filter(({ atSeconds }) => atSeconds >= warmUpSeconds);
  const judgedSeconds = lastSeconds - warmUpSeconds;
  const megabytes =
    judgedSeconds >= longRunSeconds
      ? soakLimits.megabytesPerTenMinutes
      : soakLimits.megabytesPerTenMinutesOfShortRun;
  const growth = (name: string): number => {
    const slope = slopePerTenMinutes(lineOf(late, name).points);
    return Math.min(slope, peaksPerTenMinutes(lineOf(samples, name).points, lastSeconds));
  };
  const growths = steady.flatMap((name) => [
    judge(`growth of ${name} in MB by 10 minutes`, growth(`${name} MB`), megabytes),
    judge(
      `growth of ${name} in handles by 10 minutes`,
      growth(`${name} handles`),
      soakLimits.handlesPerTenMinutes,
    ),
  ]);
  const valuesOf = (name: string): number[] =>
    lineOf(samples, name).points.map(({ value }) => value);
  return [
    ...(judgedSeconds >= leastJudgedSeconds ? growths : []),
    ...steady.map((name) =>
      judge(
        `usual event loop delay of ${name} in ms`,
        quantile(valuesOf(`${name} loop ms`), 0.5),
        soakLimits.loopDelayMs,
      ),
    ),
    judge(
      'p99 of the lag of the watcher in s',
      quantile(valuesOf('watcher lag s'), 0.99),
      soakLimits.watcherLagP99Seconds,
    ),
    judge(
      'longest history in events',
      quantile(valuesOf('longest history'), 1),
      soakLimits.historyEvents,
    ),
    judge('claims that failed, of one', claims.failed / claims.made, soakLimits.failedClaimRatio),
    judge('Temporal actions a claim', actions / claims.made, soakLimits.actionsPerClaim),
  ];
}

/**
 * Growth by ten minutes from the highest value of the second quarter of a run to that of the last: a process
 * that gives memory back to the system and takes it again has a slope, and has not grown. A replica
 * fell from 169 to 127 MB after 20 minutes of an hour, and was at 163 at its end.
 */
function peaksPerTenMinutes(points: Line['points'], lastSeconds: number): number {
  const peak = (from: number, to: number): number =>
    Math.max(
      ...points
        .filter(({ atSeconds }) => atSeconds >= from * lastSeconds && atSeconds <= to * lastSeconds)
        .map(({ value }) => value),
    );
  return ((peak(0.75, 1) - peak(0.25, 0.5)) * 600) / (lastSeconds / 2);
}

/** The value below which a part of the samples lies; NaN of none. */
function quantile(values: number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? NaN;
}

/** Growth by ten minutes, by the straight line that fits best (least squares); NaN of fewer than two points. */
export function slopePerTenMinutes(points: Line['points']): number {
  const mean = (values: number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(({ atSeconds }) => atSeconds));
  const y = mean(points.map(({ value }) => value));
  const above = points.reduce((sum, p) => sum + (p.atSeconds - x) * (p.value - y), 0);
  const below = points.reduce((sum, p) => sum + (p.atSeconds - x) ** 2, 0);
  return (600 * above) / below;
}
