/** Puts the phases of a load together. Pure. */
import { percentilesOf, round, type Percentiles } from './statistics.ts';

/** What was asked for. */
export interface LoadSettings {
  benchmark: 'claims' | 'burst';
  cluster: string;
  /** null: all claims at once. */
  ratePerSecond: number | null;
  /** null: all claims at once. */
  seconds: number | null;
  /** Warm pods that the pool holds. */
  poolSize: number;
  /** Whether callers name their claims. */
  claimIds: boolean;
  replicas: number;
}

/** One stretch of load and what it cost. */
export interface Phase {
  claims: { latencyMs: number; hit: boolean; error: string | null }[];
  cpuSeconds: Record<string, number>;
  racesLost: number;
  /** Temporal's actions, heartbeats included. */
  actions: number;
  /** Our own writes to the API server by verb and resource; null where they can't be told apart. */
  writes: Record<string, number> | null;
}

/** The report of a load. */
export interface ClaimsReport extends LoadSettings {
  claims: { count: number; errors: number } & Percentiles;
  /** Claims that found a pod warm, of those that got one. */
  hitRatio: number;
  racesLost: number;
  writesPerClaim: number | null;
  actionsPerClaim: number;
  floor: Percentiles;
  /** Of the claims' percentiles to the floor's. */
  ratio: { p50: number; p99: number };
  writes: Record<string, number> | null;
  /** The first few errors, so that a failed run says why. */
  errors: string[];
  cpuSeconds: { pool: Record<string, number>; floor: Record<string, number> };
}

/** Errors that are quoted: more say the same again. */
const maxQuotedErrors = 3;

/** Puts phases together. */
export function reportClaims(options: {
  settings: LoadSettings;
  pool: Phase[];
  floor: Phase[];
}): ClaimsReport {
  const { settings, pool, floor } = options;
  const all = pool.flatMap((phase) => phase.claims);
  const granted = all.filter(({ error }) => error === null);
  const errors = all.flatMap(({ error }) => error ?? []);
  const floorErrors = floor.flatMap(({ claims }) => claims.flatMap(({ error }) => error ?? []));
  if (floorErrors[0] !== undefined) throw new Error(`the floor failed: ${floorErrors[0]}`);
  const claims = percentilesOf(granted.map(({ latencyMs }) => latencyMs));
  const bare = percentilesOf(floor.flatMap((phase) => phase.claims.map((c) => c.latencyMs)));
  const writes = sumUp(pool.map((phase) => phase.writes));
  const perClaim = (count: number): number => round(count / Math.max(1, granted.length));
  return {
    ...settings,
    claims: { count: all.length, errors: errors.length, ...claims },
    hitRatio: granted.length === 0 ? 0 : round4(countHits(granted) / granted.length),
    racesLost: sum(pool.map(({ racesLost }) => racesLost)),
    writesPerClaim: writes === null ? null : perClaim(sum(Object.values(writes))),
    actionsPerClaim: perClaim(sum(pool.map(({ actions }) => actions))),
    floor: bare,
    ratio: { p50: round(claims.p50Ms / bare.p50Ms), p99: round(claims.p99Ms / bare.p99Ms) },
    writes,
    errors: errors.slice(0, maxQuotedErrors),
    cpuSeconds: {
      pool: sumUp(pool.map(({ cpuSeconds }) => cpuSeconds)) ?? {},
      floor: sumUp(floor.map(({ cpuSeconds }) => cpuSeconds)) ?? {},
    },
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
