/**
 * Decides what a pool does next: pure, total and cheap (O(pods)).
 *
 * L1. Nothing is planned before the first consistent observation (a new life observes first).
 * L2. A pod is spawned only while warm + pending + unready < target, below maxPods of all records
 *     and below maxPending of pending ones; a record counts from the moment it was begun (P1).
 * L3. A claimed pod is never retired here (P3).
 * L4. A pending pod without a spawn under way gets one, under the same name: after a timeout, after
 *     continue-as-new, or when it was taken in from the cluster (P5).
 * L5. The same state at the same time gives the same plan, and a begun plan plans nothing again.
 */
import type { Action } from './actions.ts';
import { podName } from './names.ts';
import { cardOf, cardKey } from './pool-card.ts';
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
  if (state.observe.launchedAtVersion === null && isDue(state.observe.dueAtMs)) {
    actions.push({ kind: 'observe' });
  }
  if (state.observed) {
    const byPhase = groupByPhase(state);
    actions.push(...retirements({ state, byPhase, isDue }));
    actions.push(...respawns(byPhase, isDue));
    actions.push(...newSpawns({ state, byPhase, isDue }));
    actions.push(...publication(state, isDue));
  }
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
      for (const record of surplus(state, byPhase)) {
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
      return [{ kind: 'retire', podName, uid: pod.uid, reason, onlyIfNotReady }];
    });
}

/** What exceeds the target: stale ones first, then not Ready ones, then the youngest warm ones. */
function surplus(state: PoolState, byPhase: ByPhase): PodRecord[] {
  const unclaimed = [...byPhase.unready, ...byPhase.pending, ...byPhase.warm];
  const excess = unclaimed.length - state.spec.warmTarget;
  if (excess <= 0) return [];
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
  const deficit = spec.warmTarget - byPhase.warm.length - byPhase.unready.length - pending;
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
  if (state.publish.underWay !== null || state.publish.published === cardKey(card)) return [];
  return isDue(state.publish.retryAtMs) ? [{ kind: 'publish', card }] : [];
}
