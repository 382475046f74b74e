/**
 * Claims that wait for a pod, as the API replicas report them.
 *
 * D1. A report is a level, not an edge: the newest of a replica replaces its older ones (P9).
 * D2. A claim that the pool sees at a newer version than a report serves one of those who waited in
 *     it, so that a claim is not counted as waiting and as claimed at once (P1). In either order: a
 *     report of a replica counts what was seen before it came, unless it served another's.
 * D3. A report expires by itself: a replica that died wants nothing any more.
 * D4. A claimId that waits at several replicas at once counts at each of them: they don't know of one
 *     another, and a report of every name would cost more than the pods. So there may be one pod too
 *     many for each replica beyond the first at which a caller of that claimId stands, or stood in
 *     the 15 s before the replica died; it is warm, counts towards the target, is within maxPods, and
 *     goes as a surplus after 30 s without demand.
 */
import { isKey } from './names.ts';
import { compareVersions, isVersion } from './resource-version.ts';
import { show } from './show.ts';
import type { PodRecord, PoolState, ReplicaDemand, SeenClaim } from './state.ts';

/** A report as it is sent. */
export interface DemandReport {
  replica: string;
  waiting: number;
  version: string;
  expiresAtMs: number;
}

/** Replicas remembered at most: more than a hundred API processes for one pool is a mistake. */
const maxReplicas = 100;

/** Claims that one report may say to wait: a pool may have 2,000 pods, so more could not be served. */
const maxWaiting = 100_000;

/** A report is believed for this long at most, whatever it says: the sender's clock may be wrong. */
const longestExpiryMs = 60_000;

/** Reads a report from anything. A refusal names field, expectation and value; it never throws. */
export function readDemand(value: unknown): DemandReport | { refusal: string } {
  if (typeof value !== 'object' || value === null) {
    return { refusal: `Expected demandChanged to carry an object, got ${show(value)}` };
  }
  const { replica, waiting, version, expiresAtMs } = value as Record<string, unknown>;
  if (!isReplicaName(replica)) {
    return { refusal: `Expected \`replica\` to be a name, got ${show(replica)}` };
  }
  if (!Number.isInteger(waiting) || Number(waiting) < 0 || Number(waiting) > maxWaiting) {
    const expected = `an integer from 0 to ${maxWaiting}`;
    return { refusal: `Expected \`waiting\` to be ${expected}, got ${show(waiting)}` };
  }
  if (!isVersion(version)) {
    return { refusal: `Expected \`version\` to be decimal digits, got ${show(version)}` };
  }
  if (typeof expiresAtMs !== 'number' || !Number.isFinite(expiresAtMs)) {
    return { refusal: `Expected \`expiresAtMs\` to be a number, got ${show(expiresAtMs)}` };
  }
  return { replica, waiting: Number(waiting), version, expiresAtMs };
}

function isReplicaName(value: unknown): value is string {
  return (
    typeof value === 'string' && /^[a-zA-Z0-9][-_.a-zA-Z0-9]{0,99}$/.test(value) && isKey(value)
  );
}

/** The state after a report. One that is older than what is known of its replica changes nothing. */
export function takeDemand(state: PoolState, report: DemandReport, nowMs: number): PoolState {
  const { replica, waiting, version } = report;
  const known = state.demand[replica];
  if (known !== undefined && compareVersions(version, known.version) < 0) return state;
  const others = Object.entries(state.demand).filter(([name]) => name !== replica);
  const isWanted = waiting > 0 || (known?.waiting ?? 0) > 0;
  const expiresAtMs = Math.min(report.expiresAtMs, nowMs + longestExpiryMs);
  const { records, served } = servedBefore(state, report);
  const mine: [string, ReplicaDemand][] =
    waiting > 0 ? [[replica, { waiting, version, expiresAtMs, served }]] : [];
  return {
    ...state,
    records,
    demand: Object.fromEntries([...others, ...mine].slice(-maxReplicas)),
    demandedAtMs: isWanted ? nowMs : state.demandedAtMs,
  };
}

/**
 * The claims of pods that were seen before the report came, at a newer version than its own, and that
 * served nobody of another replica (D2). They are its own from now on.
 */
function servedBefore(
  { records, rules }: PoolState,
  { replica, waiting, version }: DemandReport,
): { records: PoolState['records']; served: number } {
  if (rules < 2 || waiting === 0) return { records, served: 0 };
  const mine = Object.values(records)
    .flatMap((record): [string, PodRecord][] => {
      const { name, claim } = record;
      if (claim === undefined || compareVersions(claim.version, version) <= 0) return [];
      if (claim.replica !== replica && claim.replica !== null) return [];
      return [[name, { ...record, claim: { ...claim, replica } }]];
    })
    .slice(0, waiting);
  return { records: { ...records, ...Object.fromEntries(mine) }, served: mine.length };
}

/** The state without reports that have expired; the same state when none has. */
export function expireDemand(state: PoolState, nowMs: number): PoolState {
  const left = Object.entries(state.demand).filter(([, { expiresAtMs }]) => expiresAtMs > nowMs);
  if (left.length === Object.keys(state.demand).length) return state;
  return { ...state, demand: Object.fromEntries(left) };
}

/** Claims that wait for a pod and that no claim seen since their report has served. */
export function demandOf(state: PoolState): number {
  return Object.values(state.demand).reduce(
    (sum, { waiting, served }) => sum + Math.max(0, waiting - served),
    0,
  );
}

/**
 * Counts a claim that was seen at a version: in the first report that is older and has one waiting.
 * Also returns what its pod's record remembers of that.
 */
export function serveDemand(
  demand: Record<string, ReplicaDemand>,
  version: string,
): { demand: Record<string, ReplicaDemand>; claim: SeenClaim } {
  const served = Object.entries(demand).find(
    ([, known]) => known.served < known.waiting && compareVersions(version, known.version) > 0,
  );
  if (served === undefined) return { demand, claim: { version, replica: null } };
  const [replica, known] = served;
  return {
    demand: { ...demand, [replica]: { ...known, served: known.served + 1 } },
    claim: { version, replica },
  };
}

/** When the next report expires; null without any. */
export function demandExpiresAtMs(state: PoolState): number | null {
  const ends = Object.values(state.demand).map(({ expiresAtMs }) => expiresAtMs);
  return ends.length === 0 ? null : Math.min(...ends);
}
