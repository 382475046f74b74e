/** Puts the phases of a load together. Pure. */
import { actionsEach, addActions, sumOfActions, type Actions } from './actions.ts';
import type { Phase } from './claim-phase.ts';
import type { EmptyLoad } from './empty/empty-load.ts';
import { growthOf, type LatencyGrowth } from './latency-growth.ts';
import type { Saturation } from './saturation.ts';
import { median, percentilesOf, round, spreadOf } from './statistics.ts';
import type { Percentiles, Spread } from './statistics.ts';
import type { WorkflowTrouble } from './workflow-trouble.ts';

/** What was asked for. */
export interface LoadSettings {
  benchmark: 'claims' | 'burst';
  cluster: string;
  /** null: all claims at once. */
  ratePerSecond: number | null;
  /** Of all parts; null: all claims at once. */
  seconds: number | null;
  /** Warm pods that the pool holds. */
  poolSize: number;
  /** Whether callers name their claims. */
  claimIds: boolean;
  replicas: number;
}

/** Figures of ours beside those of the floor. */
interface Pair<T> {
  pool: T;
  floor: T;
}

/** One part of the load: its percentiles, ours and the floor's. */
interface Part {
  p50Ms: number;
  p99Ms: number;
  floorP50Ms: number;
  floorP99Ms: number;
}

/** The report of a load. */
export interface ClaimsReport extends LoadSettings {
  /** Percentiles of the claims of all parts. */
  claims: { count: number; errors: number } & Percentiles;
  /** Claims that found a pod warm, of those that got one. */
  hitRatio: number;
  racesLost: number;
  writesPerClaim: number | null;
  /** By the server's metric. */
  actionsPerClaim: number;
  /** The same by kind, heartbeats included. */
  actionKinds: Actions;
  /** By the events of the pool's history: without heartbeats. */
  historyActionsPerClaim: number;
  historyActionKinds: Actions;
  /** Bytes that watches brought for a claim, by process; `bench` is the watch of the floor. */
  watchBytesPerClaim: Record<string, number>;
  floor: Percentiles;
  /** Of the claims' percentiles to the floor's. */
  ratio: { p50: number; p99: number };
  parts: Part[];
  /** Of the parts. */
  spread: { p50Ms: Spread; p99Ms: Spread; floorP50Ms: Spread; floorP99Ms: Spread };
  /** Whether latencies grow within a part; null of a burst. */
  growth: Pair<LatencyGrowth> | null;
  /** While claims arrived; medians of the parts. */
  saturation: Pair<Saturation>;
  /** As many empty activities as one part has claims. */
  empty: EmptyLoad;
  writes: Record<string, number> | null;
  trouble: WorkflowTrouble;
  /** The first few errors, so that a failed run says why. */
  errors: string[];
  /** Of all parts. */
  cpuSeconds: Pair<Record<string, number>>;
}

/** Errors that are quoted: more say the same again. */
const maxQuotedErrors = 3;

/** Puts phases together. */
export function reportClaims(options: {
  settings: LoadSettings;
  pool: Phase[];
  floor: Phase[];
  trouble: WorkflowTrouble;
  historyActions: Actions;
  empty: EmptyLoad;
}): ClaimsReport {
  const { settings, pool, floor, trouble, historyActions, empty } = options;
  const all = pool.flatMap((phase) => phase.claims);
  const granted = all.filter(({ error }) => error === null);
  const errors = all.flatMap(({ error }) => error ?? []);
  const floorErrors = floor.flatMap(({ claims }) => claims.flatMap(({ error }) => error ?? []));
  if (floorErrors[0] !== undefined) throw new Error(`the floor failed: ${floorErrors[0]}`);
  const claims = percentilesOf(granted.map(({ latencyMs }) => latencyMs));
  const bare = percentilesOf(floor.flatMap(latenciesOf));
  const writes = sumUp(pool.map((phase) => phase.writes));
  const actions = pool.map((phase) => phase.actions).reduce(addActions, {});
  const perClaim = (count: number): number => round(count / Math.max(1, granted.length));
  const parts = partsOf(pool, floor);
  return {
    ...settings,
    claims: { count: all.length, errors: errors.length, ...claims },
    hitRatio: granted.length === 0 ? 0 : round4(countHits(granted) / granted.length),
    racesLost: sum(pool.map(({ racesLost }) => racesLost)),
    writesPerClaim: writes === null ? null : perClaim(sum(Object.values(writes))),
    actionsPerClaim: perClaim(sumOfActions(actions)),
    actionKinds: actionsEach(actions, granted.length),
    historyActionsPerClaim: perClaim(sumOfActions(historyActions)),
    historyActionKinds: actionsEach(historyActions, granted.length),
    watchBytesPerClaim: watchBytesPerClaim(pool, floor),
    floor: bare,
    ratio: { p50: round(claims.p50Ms / bare.p50Ms), p99: round(claims.p99Ms / bare.p99Ms) },
    parts,
    spread: {
      p50Ms: spreadOf(parts.map(({ p50Ms }) => p50Ms)),
      p99Ms: spreadOf(parts.map(({ p99Ms }) => p99Ms)),
      floorP50Ms: spreadOf(parts.map(({ floorP50Ms }) => floorP50Ms)),
      floorP99Ms: spreadOf(parts.map(({ floorP99Ms }) => floorP99Ms)),
    },
    growth:
      settings.ratePerSecond === null
        ? null
        : { pool: growthOf(pool.map(latenciesOf)), floor: growthOf(floor.map(latenciesOf)) },
    saturation: { pool: medianSaturation(pool), floor: medianSaturation(floor) },
    empty,
    writes,
    trouble,
    errors: errors.slice(0, maxQuotedErrors),
    cpuSeconds: {
      pool: sumUp(pool.map(({ cpuSeconds }) => cpuSeconds)) ?? {},
      floor: sumUp(floor.map(({ cpuSeconds }) => cpuSeconds)) ?? {},
    },
  };
}

/** Latencies of the claims that were granted, in the order of their arrivals. */
function latenciesOf({ claims }: Phase): number[] {
  return claims.filter(({ error }) => error === null).map(({ latencyMs }) => latencyMs);
}

function partsOf(pool: Phase[], floor: Phase[]): Part[] {
  return pool.map((phase, index) => {
    const bare = floor[index];
    const { p50Ms, p99Ms } = percentilesOf(latenciesOf(phase));
    const { p50Ms: floorP50Ms, p99Ms: floorP99Ms } = percentilesOf(bare ? latenciesOf(bare) : []);
    return { p50Ms, p99Ms, floorP50Ms, floorP99Ms };
  });
}

/** Our processes' bytes come while ours is loaded, those of the floor's watch while the floor is. */
function watchBytesPerClaim(pool: Phase[], floor: Phase[]): Record<string, number> {
  const ours = bytesEach(pool);
  return { ...ours, bench: bytesEach(floor)['bench'] ?? 0 };
}

function bytesEach(phases: Phase[]): Record<string, number> {
  const claims = phases.reduce((count, phase) => count + phase.claims.length, 0);
  const bytes = sumUp(phases.map((phase) => phase.watchBytes)) ?? {};
  return Object.fromEntries(
    Object.entries(bytes).map(([name, total]) => [name, Math.round(total / Math.max(1, claims))]),
  );
}

function medianSaturation(phases: Phase[]): Saturation {
  return {
    ours: round(median(phases.map(({ saturation }) => saturation.ours))),
    machine: round(median(phases.map(({ saturation }) => saturation.machine))),
  };
}

function countHits(claims: { hit: boolean }[]): number {
  return claims.filter(({ hit }) => hit).length;
}

/** One miss in a thousand claims must not be rounded away. */
function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Adds counts by name; null when one of them is unknown. */
function sumUp(counts: (Record<string, number> | null)[]): Record<string, number> | null {
  const total: Record<string, number> = {};
  for (const count of counts) {
    if (count === null) return null;
    for (const [name, value] of Object.entries(count)) {
      total[name] = round((total[name] ?? 0) + value);
    }
  }
  return total;
}
