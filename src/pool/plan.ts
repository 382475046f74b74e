/**
 * Decides what a pool does next: pure, total and cheap (O(pods)).
 *
 * L1. Nothing is planned before the first consistent observation (a new life observes first).
 * L2. A pod is spawned only while warm + pending + unready < target + demand, below maxPods of all records
 *     and below maxPending of pending ones; a record counts from the moment it was begun (P1).
 * L3. A claimed pod is retired only once its lease is over, as `leases.ts` judges it (P3).
 * L4. A pending pod without a spawn under way gets one, under the same name: after a timeout, after
 *     continue-as-new, or when it was taken in from the cluster (P5).
 * L5. The same state at the same time gives the same plan, and a begun plan plans nothing again.
 */
import type { Action } from './actions.ts';
import { demandExpiresAtMs, demandOf } from './demand.ts';
import { leaseGraceMs, leaseJudgedAtMs } from './leases.ts';
import { podName } from './names.ts';
import { cardOf, cardKey, isOnlyPhaseOf } from './pool-card.ts';
import { compareVersions } from './resource-version.ts';
import {
  phaseOf,
  type PodPhase,
  type PodRecord,
  type PoolState,
  type RetireReason,
} from './state.ts';

/** A decision: what to launch now, and when to look again if nothing happens before. */
export interface Plan {
  actions: Action[];
  /** Absolute; null when only an event can change anything. */
  wakeAtMs: number | null;
}

/**
 * Launches in one plan at most. A thousand activities scheduled in one workflow task took 4 to 12 s
 * on two cores, past the task's own limit of 10 s; a hundred take well below a second.
 */
const maxLaunches = 100;

/** Pause before the rest of a plan that was cut at `maxLaunches`, if no event comes before. */
const restAfterMs = 100;

/** Between cards that say no more than whether the pool is full: a write of 1 KB each. */
const minorCardsEveryMs = 30_000;

/**
 * A surplus is kept for this long after somebody last waited: a burst is often followed by the next,
 * and its claims are about to take the pods that were started for them.
 */
const surplusKeptMs = 30_000;

/** What to launch for this state at this time. */
export function plan({ state, nowMs }: { state: PoolState; nowMs: number }): Plan {
  const wakes: number[] = [];
  /** True when the instant has come; else remembers to wake for it. */
  const isDue = (atMs: number): boolean => {
    if (atMs <= nowMs) return true;
    wakes.push(atMs);
    return false;
  };

  const actions: Action[] = [];
  const byPhase = groupByPhase(state);
  const leases = judgeLeases({ state, byPhase, isDue });
  const isListDue = isDue(state.observe.dueAtMs) || leases.needsList;
  if (state.observe.launchedAtVersion === null && isListDue) actions.push({ kind: 'observe' });
  if (state.observed) {
    actions.push(...leases.retirements);
    actions.push(...retirements({ state, byPhase, isDue }));
    actions.push(...respawns(byPhase, isDue));
    actions.push(...newSpawns({ state, byPhase, isDue }));
    actions.push(...publication(state, isDue));
  }
  const demandEndsAtMs = demandExpiresAtMs(state);
  if (demandEndsAtMs !== null) wakes.push(demandEndsAtMs);
  if (actions.length > maxLaunches) wakes.push(nowMs + restAfterMs);
  return {
    actions: actions.slice(0, maxLaunches),
    wakeAtMs: wakes.length === 0 ? null : Math.min(...wakes),
  };
}

type ByPhase = Record<PodPhase, PodRecord[]>;
type IsDue = (atMs: number) => boolean;

function groupByPhase(state: PoolState): ByPhase {
  const groups: ByPhase = { pending: [], warm: [], unready: [], claimed: [], retiring: [] };
  for (const record of Object.values(state.records)) groups[phaseOf(record)].push(record);
  return groups;
}

/** Claimed pods whose lease is over, and whether a list is needed to judge some (E1). */
function judgeLeases(options: { state: PoolState; byPhase: ByPhase; isDue: IsDue }): {
  retirements: Action[];
  needsList: boolean;
} {
  const { state, byPhase, isDue } = options;
  const retirements: Action[] = [];
  let needsList = false;
  for (const record of byPhase.claimed) {
    const judgedAtMs = leaseJudgedAtMs(record);
    if (judgedAtMs === null || record.pod === null) continue;
    if (!isDue(Math.max(judgedAtMs, state.lease.heldUntilMs, record.retryAtMs))) continue;
    if (record.tasks.includes('retire')) continue;
    const overAtMs = (record.pod.leaseExpiresAtMs ?? 0) + leaseGraceMs;
    if (state.lease.listedAtMs < Math.max(overAtMs, state.lease.heldUntilMs)) {
      needsList = true;
      continue;
    }
    const { name, pod } = record;
    retirements.push({
      ...{ kind: 'retire', podName: name, uid: pod.uid, reason: 'expired' },
      ...{ onlyIfNotReady: false, isLeaseOver: true },
    });
  }
  return { retirements, needsList };
}

/** Pods to end: those decided on earlier first, then what has ended, then surplus. */
function retirements(options: { state: PoolState; byPhase: ByPhase; isDue: IsDue }): Action[] {
  const { state, byPhase, isDue } = options;
  const wanted: { record: PodRecord; reason: RetireReason }[] = [];
  for (const record of byPhase.retiring) {
    if (record.pod?.terminating === true) continue;
    wanted.push({ record, reason: record.retiring ?? 'ended' });
  }
  if (state.draining) {
    for (const phase of ['pending', 'unready', 'warm'] as const) {
      for (const record of byPhase[phase]) wanted.push({ record, reason: 'drain' });
    }
  } else {
    const unreadyMs = state.spec.unreadySeconds * 1000;
    const stuck = byPhase.unready.filter((r) => isDue((r.unreadySinceMs ?? 0) + unreadyMs));
    for (const record of stuck) wanted.push({ record, reason: 'unready' });
    if (!state.paused) {
      for (const record of surplus({ state, byPhase, isDue })) {
        if (!stuck.includes(record)) wanted.push({ record, reason: 'surplus' });
      }
    }
  }
  return wanted
    .filter(({ record }) => !record.tasks.includes('retire') && isDue(record.retryAtMs))
    .flatMap(({ record, reason }): Action[] => {
      // A pod that was never read has no uid to name (P4); it is retired once its spawn has read it.
      if (record.pod === null) return [];
      const onlyIfNotReady = reason === 'failed' || (reason === 'surplus' && !record.pod.ready);
      const { name: podName, pod } = record;
      const { uid } = pod;
      return [{ kind: 'retire', podName, uid, reason, onlyIfNotReady, isLeaseOver: false }];
    });
}

/** What exceeds the target: stale ones first, then not Ready ones, then the youngest warm ones. */
function surplus(options: { state: PoolState; byPhase: ByPhase; isDue: IsDue }): PodRecord[] {
  const { state, byPhase, isDue } = options;
  const unclaimed = [...byPhase.unready, ...byPhase.pending, ...byPhase.warm];
  const excess = unclaimed.length - state.spec.warmTarget - demandOf(state);
  if (excess <= 0) return [];
  if (state.demandedAtMs !== null && !isDue(state.demandedAtMs + surplusKeptMs)) return [];
  const order = { unready: 0, pending: 1, warm: 2, claimed: 3, retiring: 3 };
  const isCurrent = (r: PodRecord): number => (r.templateHash === state.spec.templateHash ? 1 : 0);
  return unclaimed
    .sort(
      (a, b) =>
        isCurrent(a) - isCurrent(b) ||
        order[phaseOf(a)] - order[phaseOf(b)] ||
        b.sinceMs - a.sinceMs ||
        compareVersions(b.pod?.version ?? '0', a.pod?.version ?? '0') ||
        (a.name < b.name ? 1 : -1),
    )
    .slice(0, excess);
}

/** Pending pods that nobody waits for. */
function respawns(byPhase: ByPhase, isDue: IsDue): Action[] {
  return byPhase.pending
    .filter((record) => record.tasks.length === 0 && isDue(record.retryAtMs))
    .map(({ name, templateHash, pod }) => ({
      kind: 'spawn',
      podName: name,
      templateHash,
      uid: pod?.uid ?? null,
    }));
}

function newSpawns(options: { state: PoolState; byPhase: ByPhase; isDue: IsDue }): Action[] {
  const { state, byPhase, isDue } = options;
  const { pool, spec, failures } = state;
  if (state.paused || state.draining) return [];
  const pending = byPhase.pending.length;
  const wanted = spec.warmTarget + demandOf(state);
  const deficit = wanted - byPhase.warm.length - byPhase.unready.length - pending;
  if (deficit <= 0) return [];
  if (failures.nextAttemptAtMs !== null && !isDue(failures.nextAttemptAtMs)) return [];
  // After a failure one pod at a time shows whether the cause has gone; its success opens the rest.
  const allowed = failures.rounds > 0 ? 1 - pending : spec.maxPending - pending;
  const room = spec.maxPods - Object.keys(state.records).length;
  const count = Math.max(0, Math.min(deficit, allowed, room));
  return Array.from({ length: count }, (_, index) => ({
    kind: 'spawn',
    podName: podName(pool, state.nextOrdinal + index),
    templateHash: spec.templateHash,
    uid: null,
  }));
}

function publication(state: PoolState, isDue: IsDue): Action[] {
  const card = cardOf(state);
  const { underWay, published, publishedAtMs, retryAtMs } = state.publish;
  if (underWay !== null || published === cardKey(card)) return [];
  // Under steady claims a pool is full and not full several times a second; its readers need not know.
  const isMinor = state.rules >= 2 && isOnlyPhaseOf(card, published);
  const dueAtMs = Math.max(retryAtMs, isMinor ? publishedAtMs + minorCardsEveryMs : 0);
  return isDue(dueAtMs) ? [{ kind: 'publish', card }] : [];
}
