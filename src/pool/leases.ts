/**
 * When leases are over.
 *
 * E1. A lease is over 2 s past its end, judged on a consistent list that was launched after that
 *     instant: renewals touch only the pod, and the pool hears of none of them (P3).
 * E2. The activity that retires such a pod judges it once more, by the API server's clock and under
 *     the version it has read, so that a renewal made meanwhile wins.
 * E3. After the pool itself was late, nothing expires for a minute: its holders may have been unable
 *     to renew for the same reason (P12).
 */
import type { Action } from './actions.ts';
import type { PlanContext } from './plan-context.ts';
import type { PoolState } from './state.ts';

/** Past the end of a lease before it is over: a renewal under way at its end still counts. */
export const leaseGraceMs = 2_000;

/**
 * Leases that are over within the same 5 s are judged together, so that a thousand of them cost a
 * list every 5 s and not a thousand. With the grace a pod is retired at most 7 s after its lease.
 */
const judgedEveryMs = 5_000;

/** A wake-up that comes this late means that the pool, or all of Temporal, was away. */
export const latenessMs = 30_000;

/** Time for holders to renew after that: clients renew at a third of a lease, and retry. */
const holdMs = 60_000;

/** A lease that is over by this much when the pool first hears of it was not watched meanwhile. */
const unseenOverMs = 10_000;

/** Claimed pods whose lease is over, and whether a list is needed to judge some (E1). */
export function judgeLeases({ state, byPhase, isDue }: PlanContext): {
  retirements: Action[];
  needsList: boolean;
} {
  const retirements: Action[] = [];
  let needsList = false;
  for (const record of byPhase.claimed) {
    const { name, pod, retryAtMs } = record;
    if (pod?.leaseExpiresAtMs === undefined) continue;
    const overAtMs = pod.leaseExpiresAtMs + leaseGraceMs;
    const judgedAtMs = Math.ceil(overAtMs / judgedEveryMs) * judgedEveryMs;
    if (!isDue(Math.max(judgedAtMs, state.lease.heldUntilMs, retryAtMs))) continue;
    if (record.tasks.includes('retire')) continue;
    if (state.lease.listedAtMs < Math.max(overAtMs, state.lease.heldUntilMs)) {
      needsList = true;
      continue;
    }
    retirements.push({
      ...{ kind: 'retire', podName: name, uid: pod.uid, reason: 'expired' },
      ...{ onlyIfNotReady: false, isLeaseOver: true },
    });
  }
  return { retirements, needsList };
}

/** The state in which no lease is judged for a minute. */
export function holdLeases(state: PoolState, nowMs: number): PoolState {
  return { ...state, lease: { ...state.lease, heldUntilMs: nowMs + holdMs } };
}

/** Whether a lease that is heard of for the first time ended while nobody watched. */
export function endedUnseen(leaseExpiresAtMs: number | undefined, nowMs: number): boolean {
  return leaseExpiresAtMs !== undefined && leaseExpiresAtMs + unseenOverMs <= nowMs;
}
