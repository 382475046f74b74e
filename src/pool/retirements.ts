/** Which pods to end, and why. */
import type { Action } from './actions.ts';
import { deletionsLeft, isCapped } from './deletion-budget.ts';
import { demandOf } from './demand.ts';
import { surge, unclaimed, type PlanContext } from './plan-context.ts';
import { compareVersions } from './resource-version.ts';
import { phaseOf, type PodRecord, type PoolState, type RetireReason } from './state.ts';

/**
 * A surplus is kept for this long after somebody last waited: a burst is often followed by the next,
 * and its claims are about to take the pods that were started for them.
 */
const surplusKeptMs = 30_000;

/** A pod and why it is to go. */
interface Candidate {
  record: PodRecord;
  reason: RetireReason;
}

/** Pods to end: those decided on earlier first, then what is broken, outdated or too many. */
export function retirements(context: PlanContext): Action[] {
  const { state, nowMs, byPhase, isDue } = context;
  const wanted: Candidate[] = byPhase.retiring
    .filter(({ pod }) => pod?.terminating !== true)
    .map((record) => ({ record, reason: record.retiring ?? 'ended' }));
  if (state.draining) {
    for (const record of unclaimed(context)) wanted.push({ record, reason: 'drain' });
  } else {
    const broken = brokenPods(context);
    wanted.push(...broken);
    if (!state.paused) {
      const gone = new Set(broken.map(({ record }) => record));
      const others = [...outdatedPods(context), ...surplus(context)];
      for (const candidate of others) {
        if (gone.has(candidate.record)) continue;
        gone.add(candidate.record);
        wanted.push(candidate);
      }
    }
  }
  const budget = deletionsLeft(state, nowMs);
  return wanted
    .filter(({ record }) => !record.tasks.includes('retire') && isDue(record.retryAtMs))
    .flatMap(({ record, reason }): Action[] => {
      // A pod that was never read has no uid to name (P4); it is retired once its spawn has read it.
      if (record.pod === null) return [];
      if (state.rules >= 2 && isCapped(reason)) {
        if (budget.left === 0) {
          isDue(budget.nextAtMs ?? nowMs);
          return [];
        }
        budget.left -= 1;
      }
      const { name: podName, pod } = record;
      const { uid, ready } = pod;
      // One that serves by now was chosen for not serving: it is judged again as a warm one.
      const onlyIfNotReady = reason === 'failed' || (!ready && sparesReady.has(reason));
      return [{ kind: 'retire', podName, uid, reason, onlyIfNotReady, isLeaseOver: false }];
    });
}

/** Reasons for which a pod that turned Ready meanwhile is left alone. */
const sparesReady = new Set<RetireReason>(['surplus', 'stale', 'aged', 'idle', 'cordoned']);

/** Pods that were Ready and are not for too long, and those that are about to be taken away. */
function brokenPods({ state, byPhase, isDue }: PlanContext): Candidate[] {
  const unreadyMs = state.spec.unreadySeconds * 1000;
  return byPhase.unready.flatMap((record): Candidate[] => {
    if (record.pod?.disrupted === true) return [{ record, reason: 'disrupted' }];
    const isStuck = isDue((record.unreadySinceMs ?? 0) + unreadyMs);
    return isStuck ? [{ record, reason: 'unready' }] : [];
  });
}

/** Order in which outdated pods are replaced: those whose node goes first. */
const urgency: Partial<Record<RetireReason, number>> = { cordoned: 0, stale: 1, aged: 2, idle: 3 };

/** Outdated pods that can be given up now (U1, U2). */
function outdatedPods(context: PlanContext): Candidate[] {
  const { state, byPhase, outdated } = context;
  if (outdated.size === 0 || state.failures.rounds > 0) return [];
  const notWarm = [...byPhase.pending, ...byPhase.unready];
  const warmWanted = state.spec.warmTarget + demandOf(state) - state.spec.rollout.maxUnavailable;
  const spare = Math.max(0, byPhase.warm.length - Math.max(0, warmWanted));
  const warm = byPhase.warm
    .filter((record) => outdated.has(record))
    .sort((a, b) => rank(outdated, a) - rank(outdated, b) || a.sinceMs - b.sinceMs)
    .slice(0, spare);
  return [...notWarm.filter((record) => outdated.has(record)), ...warm].map((record) => ({
    record,
    reason: outdated.get(record) ?? 'stale',
  }));
}

function rank(outdated: Map<PodRecord, RetireReason>, record: PodRecord): number {
  return urgency[outdated.get(record) ?? 'stale'] ?? 1;
}

/** What exceeds the target: stale ones first, then not Ready ones, then the youngest warm ones. */
function surplus(context: PlanContext): Candidate[] {
  const { state, isDue } = context;
  const present = unclaimed(context);
  const excess = present.length - state.spec.warmTarget - demandOf(state) - surge(context);
  if (excess <= 0) return [];
  if (state.demandedAtMs !== null && !isDue(state.demandedAtMs + surplusKeptMs)) return [];
  if (!isDue(state.flapping.heldUntilMs)) return [];
  return present
    .sort(bySparability(state))
    .slice(0, excess)
    .map((record) => ({ record, reason: 'surplus' }));
}

const phaseOrder = { unready: 0, pending: 1, warm: 2, claimed: 3, retiring: 3 };

function bySparability({ spec }: PoolState): (a: PodRecord, b: PodRecord) => number {
  const isCurrent = (r: PodRecord): number => (r.templateHash === spec.templateHash ? 1 : 0);
  return (a, b) =>
    isCurrent(a) - isCurrent(b) ||
    phaseOrder[phaseOf(a)] - phaseOrder[phaseOf(b)] ||
    b.sinceMs - a.sinceMs ||
    compareVersions(b.pod?.version ?? '0', a.pod?.version ?? '0') ||
    (a.name < b.name ? 1 : -1);
}
