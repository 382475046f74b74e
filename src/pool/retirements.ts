/** Which pods to end, and why. */
import type { Action } from './actions.ts';
import { deletionBudget } from './deletion-budget.ts';
import type { OutdatedReason } from './outdated.ts';
import { surge, unclaimed, warmWanted, type PlanContext } from './plan-context.ts';
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
      const outdated = outdatedPods(context, broken);
      wanted.push(...outdated, ...surplus(context, [...broken, ...outdated]));
    }
  }
  const budget = deletionBudget(state, nowMs);
  return wanted
    .filter(({ record }) => !record.tasks.includes('retire') && isDue(record.retryAtMs))
    .flatMap(({ record, reason }): Action[] => {
      // A pod that was never read has no uid to name (P4); it is retired once its spawn has read it.
      if (record.pod === null) return [];
      if (state.rules >= 2 && !budget.take(reason)) {
        isDue(budget.nextAtMs);
        return [];
      }
      const { name: podName, pod } = record;
      const { uid, ready } = pod;
      // One that serves by now was chosen for not serving: it is judged again as a warm one.
      const onlyIfNotReady = reason === 'failed' || (!ready && sparesReady.has(reason));
      return [{ kind: 'retire', podName, uid, reason, onlyIfNotReady, isLeaseOver: false }];
    });
}

/** Reasons for which a pod that turned Ready meanwhile is left alone. */
const sparesReady = new Set<RetireReason>([
  ...(['surplus', 'stale', 'aged', 'idle', 'cordoned', 'unready'] as const),
]);

/** Pods that were Ready and are not for too long, and those that are about to be taken away. */
function brokenPods({ state, byPhase, isDue }: PlanContext): Candidate[] {
  const unreadyMs = state.spec.unreadySeconds * 1000;
  return byPhase.unready.flatMap((record): Candidate[] => {
    const { pod, unreadySinceMs } = record;
    if (pod?.disrupted === true || unreadySinceMs === null)
      return [{ record, reason: 'disrupted' }];
    return isDue(unreadySinceMs + unreadyMs) ? [{ record, reason: 'unready' }] : [];
  });
}

/** Order in which outdated pods are replaced: those whose node goes first. */
const urgency: Record<OutdatedReason, number> = { cordoned: 0, stale: 1, aged: 2, idle: 3 };

/** Outdated pods that can be given up now, beside those chosen already (U1, U2). */
function outdatedPods(context: PlanContext, chosen: Candidate[]): Candidate[] {
  const { state, byPhase, outdated } = context;
  if (outdated.size === 0 || state.failures.rounds > 0) return [];
  const among = (records: PodRecord[]) => {
    const wanted = new Set(records);
    return [...outdated].flatMap(([record, reason]) =>
      wanted.has(record) ? [{ record, reason }] : [],
    );
  };
  const notWarm = among(without([...byPhase.pending, ...byPhase.unready], chosen));
  const floor = Math.max(0, warmWanted(state) - state.spec.rollout.maxUnavailable);
  const warm = among(byPhase.warm)
    .sort((a, b) => urgency[a.reason] - urgency[b.reason] || a.record.sinceMs - b.record.sinceMs)
    .slice(0, Math.max(0, byPhase.warm.length - floor));
  return [...notWarm, ...warm];
}

function without(records: PodRecord[], chosen: Candidate[]): PodRecord[] {
  const gone = new Set(chosen.map(({ record }) => record));
  return records.filter((record) => !gone.has(record));
}

/**
 * What exceeds the target beside the pods chosen already: stale ones first, then not Ready ones, then
 * the youngest warm ones. A warm pod goes only while the others are enough (U1): one that is starting
 * is no replacement yet.
 */
function surplus(context: PlanContext, chosen: Candidate[]): Candidate[] {
  const { state, isDue } = context;
  const present = without(unclaimed(context), chosen);
  const warmLeft = without(context.byPhase.warm, chosen).length;
  const excess = present.length - warmWanted(state) - surge(context);
  if (excess <= 0) return [];
  if (state.demandedAtMs !== null && !isDue(state.demandedAtMs + surplusKeptMs)) return [];
  if (!isDue(state.flapping.heldUntilMs)) return [];
  let spareWarm = state.rules < 2 ? Infinity : Math.max(0, warmLeft - warmWanted(state));
  return present
    .sort(bySparability(state))
    .filter((record) => {
      if (phaseOf(record) !== 'warm') return true;
      spareWarm -= 1;
      return spareWarm >= 0;
    })
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
