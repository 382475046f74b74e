/** What people are shown of a pool. */
import * as advice from './advice.ts';
import { demandOf } from './demand.ts';
import { breakerOf, type Breaker } from './failures.ts';
import type { PoolLabels } from './pool-labels.ts';
import type { PoolSpec } from './pool-spec.ts';
import { countPhases, phaseOf, type PodPhase, type PodRecord, type PoolState } from './state.ts';
import type { TargetChange } from './target-changes.ts';
import { timeOfDay } from './time-of.ts';

/** What a pool is doing, in one word. */
type PoolPhase = 'Filling' | 'Steady' | 'Degraded' | 'Paused' | 'Draining' | 'Drained';

/** A pool as shown to people: the answer of the `status` query, of CLI and API. */
export interface PoolStatus {
  pool: string;
  namespace: string;
  phase: PoolPhase;
  /** Why it is in this phase, in one sentence that a person can act on. */
  why: string;
  /** What that person can do about it; null when there is nothing to do. */
  toDo: string | null;
  /** Warm pods wanted. */
  target: number;
  warm: number;
  pending: number;
  claimed: number;
  retiring: number;
  /** Claims that wait for a pod, by the replicas' latest reports. */
  demand: number;
  /** Unclaimed pods made from another template than the current one. */
  stale: number;
  templateHash: string;
  failures: {
    /** Spawns that failed since the last pod became warm. */
    consecutive: number;
    lastReason: string | null;
    lastMessage: string | null;
    lastAtMs: number | null;
    lastPod: string | null;
    /** When the first of them came. */
    sinceMs: number | null;
    /** No spawn before this; null when nothing is held back. */
    nextAttemptAtMs: number | null;
    /** Open: only a probe now and then, half-open: one is under way. */
    breaker: Breaker;
  };
  /** Unclaimed pods that ended without the pool's doing: evicted, deleted by hand, lost with a node. */
  disturbances: {
    count: number;
    lastPod: string | null;
    lastReason: string | null;
    lastAtMs: number | null;
  };
  /** A quota that refuses new pods; null when none does. */
  quota: { message: string; nextAttemptAtMs: number } | null;
  /** The template before the current one, for `rollout undo`. */
  previousTemplateHash: string | null;
  /** The latest changes of the target, newest first, with who asked for them. */
  targetChanges: TargetChange[];
  /** The last message from outside that was refused, so that its sender finds out why. */
  lastRefusal: { atMs: number; message: string } | null;
  /** Pods that their holders gave up with a reason, such as `unhealthy`. */
  releases: { count: number; lastReason: string | null; lastPod: string | null };
  /** Pods that exist or are being made, oldest first. */
  pods: PodStatus[];
  /** What kind of pod it holds. */
  labels: PoolLabels;
  /** What the pool was told to be, with the target as it is now. */
  spec: PoolSpec;
  /** Which rules the run follows (docs/adr/0010); older releases do not say. */
  rules?: number;
}

/** One pod as shown to people. */
interface PodStatus {
  name: string;
  uid: string | null;
  phase: PodPhase;
  node: string | null;
  ageMs: number;
  /** Why it is not Ready, or why it is being retired. */
  reason: string | null;
}

/** A phase with its reason and what to do about it. */
type Condition = Pick<PoolStatus, 'phase' | 'why' | 'toDo'>;

/** Phase, reason and advice without the counts and pods: cheap enough to be asked for at each plan. */
export function conditionOf(state: PoolState): Condition {
  const { warm, pending, unready, claimed } = countPhases(state);
  const { spec, failures, trouble } = state;
  const total = Object.keys(state.records).length;
  if (state.draining) {
    if (total === 0 && state.observed) {
      return { phase: 'Drained', why: 'The pool has no pods left.', toDo: null };
    }
    if (state.drainIsOver && claimed === total) {
      const why = `The drain's deadline passed; ${claimed} claimed pods are left to their holders.`;
      return { phase: 'Drained', why, toDo: null };
    }
    const waits = claimed > 0 ? `${claimed} claimed pods to be released` : 'its last pods to end';
    const toDo = advice.whileDraining(state);
    return { phase: 'Draining', why: `The pool waits for ${waits}.`, toDo };
  }
  if (state.paused) {
    const why = 'Nothing is started or retired until the pool is resumed.';
    return { phase: 'Paused', why, toDo: advice.whilePaused(state) };
  }
  if (failures.rounds > 0) {
    const toDo = advice.afterFailures(state);
    return { phase: 'Degraded', why: failureSentence(state, pending), toDo };
  }
  const { lastMessage: refusal, rounds: refusals } = state.quota;
  if (refusals > 0 && warm < spec.warmTarget) {
    const why = `The quota leaves no room for a pod: ${refusal ?? ''}`;
    return { phase: 'Degraded', why, toDo: advice.afterQuota(state) };
  }
  if (trouble !== null && warm < spec.warmTarget) {
    const why = `Held up: ${trouble.message}`;
    return { phase: 'Degraded', why, toDo: advice.afterTrouble };
  }
  if (!state.observed) {
    const why = 'The pool reads which pods exist.';
    return { phase: 'Filling', why, toDo: advice.whileFilling(null) };
  }
  const demand = demandOf(state);
  if (demand > 0 && total < spec.maxPods) {
    const why = `${demand} claims wait; ${warm} pods are warm and ${pending} are starting.`;
    return { phase: 'Filling', why, toDo: adviceOnOldest(state) };
  }
  if (warm >= spec.warmTarget) {
    const why = `${warm} of ${spec.warmTarget} pods are warm${keptClause(state, warm)}${rolloutClause(state, total)}.`;
    return { phase: 'Steady', why, toDo: null };
  }
  if (pending === 0 && unready === 0 && total >= spec.maxPods) {
    const why = `All ${spec.maxPods} pods that maxPods allows are in use.`;
    return { phase: 'Degraded', why, toDo: advice.whenFull(state) };
  }
  const slowest = slowestReason(state);
  return {
    phase: 'Filling',
    why:
      `${warm} of ${spec.warmTarget} pods are warm, ${pending} are starting` +
      (slowest === null ? '.' : `; the oldest waits: ${slowest}`),
    toDo: adviceOnOldest(state),
  };
}

/** Everything that is shown of a pool at an instant. */
export function statusOf({ state, nowMs }: { state: PoolState; nowMs: number }): PoolStatus {
  const { warm, pending, unready, claimed, retiring } = countPhases(state);
  const { spec, failures, disturbances } = state;
  const records = Object.values(state.records).sort((a, b) => a.sinceMs - b.sinceMs);
  return {
    pool: state.pool,
    namespace: state.namespace,
    ...conditionOf(state),
    target: spec.warmTarget,
    warm,
    pending: pending + unready,
    claimed,
    retiring,
    demand: demandOf(state),
    stale: staleCount(state),
    templateHash: spec.templateHash,
    failures: {
      consecutive: failures.consecutive,
      lastReason: failures.lastReason,
      lastMessage: failures.lastMessage,
      lastAtMs: failures.lastAtMs,
      lastPod: failures.lastPod,
      sinceMs: failures.sinceMs,
      nextAttemptAtMs: failures.nextAttemptAtMs,
      breaker: breakerOf(failures, pending),
    },
    disturbances: {
      count: disturbances.count,
      lastPod: disturbances.lastPod,
      lastReason: disturbances.lastReason,
      lastAtMs: disturbances.lastAtMs,
    },
    quota:
      state.quota.rounds === 0
        ? null
        : { message: state.quota.lastMessage ?? '', nextAttemptAtMs: state.quota.untilMs },
    previousTemplateHash: state.previousTemplateHash,
    targetChanges: state.targetChanges.toReversed(),
    lastRefusal: state.lastRefusal,
    releases: state.releases,
    pods: records.map((record) => ({
      name: record.name,
      uid: record.pod?.uid ?? null,
      phase: phaseOf(record),
      node: record.pod?.node ?? null,
      ageMs: Math.max(0, nowMs - (record.pod?.createdAtMs ?? record.sinceMs)),
      reason: record.retiring ?? reasonOf(record.pod?.reason, record.pod?.message),
    })),
    labels: state.labels,
    spec,
    rules: state.rules,
  };
}

function reasonOf(reason: string | undefined, message: string | undefined): string | null {
  if (reason === undefined) return null;
  return message === undefined ? reason : `${reason}: ${message}`;
}

/** Why pods beyond the target stay. The time is cleared once it has passed. */
function keptClause({ spec, flapping }: PoolState, warm: number): string {
  if (warm <= spec.warmTarget || flapping.heldUntilMs === 0) return '';
  const until = timeOfDay(flapping.heldUntilMs);
  return `, the target goes back and forth, so what is too much is kept until ${until}`;
}

/** What a full pool still has to do. */
function rolloutClause(state: PoolState, total: number): string {
  const { spec } = state;
  const stale = staleCount(state);
  if (stale === 0) return '';
  const isStuck = total >= spec.maxPods && spec.rollout.maxUnavailable === 0;
  return isStuck
    ? `, ${stale} of an older template wait: maxPods (${spec.maxPods}) leaves no room for their replacements`
    : `, ${stale} of an older template are being replaced`;
}

/** Unclaimed pods of another template than the current one. */
export function staleCount({ records, spec }: PoolState): number {
  return Object.values(records).filter(
    ({ templateHash, pod }) => templateHash !== spec.templateHash && pod?.claimed !== true,
  ).length;
}

/** What fails, and what the pool does about it. */
function failureSentence({ failures, spec }: PoolState, pending: number): string {
  const { lastReason, lastMessage, rounds } = failures;
  const what = `Pods of template ${spec.templateHash} do not start: ${lastReason ?? ''}: ${lastMessage ?? ''}`;
  if (breakerOf(failures, pending) === 'closed') return what;
  return `${what} (failed ${rounds} times; one is tried now and then until it starts)`;
}

/** The pod that has been pending for longest. */
function oldestPending(state: PoolState): PodRecord | undefined {
  const pending = Object.values(state.records).filter((r) => phaseOf(r) === 'pending');
  return pending.sort((a, b) => a.sinceMs - b.sinceMs)[0];
}

/** What the oldest pending pod says of itself. */
function slowestReason(state: PoolState): string | null {
  const { pod } = oldestPending(state) ?? {};
  return reasonOf(pod?.reason, pod?.message);
}

/** What to do about the oldest pending pod; null when none is pending. */
function adviceOnOldest(state: PoolState): string | null {
  const oldest = oldestPending(state);
  if (oldest === undefined) return null;
  return advice.whileFilling(oldest.pod === null ? null : { reason: oldest.pod.reason });
}
