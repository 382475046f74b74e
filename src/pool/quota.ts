/**
 * Pods that the API server refuses because the namespace's quota is used up. The template is not to
 * blame, and other pools want the same room.
 *
 * Q1. A refusal by quota is charged to no template; its message is shown until a pod is made again.
 * Q2. Then one pod is asked for at a time, first after 2 s and at last once a minute, whatever is
 *     missing: a pool with a backlog of hundreds takes no more turns than one that lacks a single pod.
 * Q3. What counts is that a pod was made, not that it is Ready: 1, 2, 4, … are then asked for at once.
 */
import { waitMs } from './back-off.ts';
import { noQuota } from './brakes.ts';
import type { PlanContext } from './plan-context.ts';
import type { PoolState } from './state.ts';

const firstMs = 2_000;
const longestMs = 60_000;

/** The state after a pod that was asked for at `startedAtMs` was refused. */
export function withhold(
  state: PoolState,
  refusal: { message: string; startedAtMs: number },
  nowMs: number,
): PoolState {
  const { quota, pool } = state;
  const isNewRound = quota.lastAtMs === null || refusal.startedAtMs > quota.lastAtMs;
  const rounds = quota.rounds + (isNewRound ? 1 : 0);
  const pauseMs = waitMs({ firstMs, longestMs, step: rounds - 1, seed: `${pool}/quota/${rounds}` });
  return {
    ...state,
    quota: {
      rounds,
      lastAtMs: nowMs,
      lastMessage: refusal.message,
      untilMs: isNewRound ? nowMs + pauseMs : quota.untilMs,
      allowance: 1,
    },
  };
}

/** The memory after a pod was made that had been asked for at `sinceMs` (Q3). */
export function grant(quota: PoolState['quota'], sinceMs: number): PoolState['quota'] {
  if (quota.allowance === null || sinceMs <= (quota.lastAtMs ?? 0)) return quota;
  const allowance = quota.allowance * 2;
  return { ...noQuota, lastAtMs: quota.lastAtMs, allowance: allowance > 1_000 ? null : allowance };
}

/** How many more pods may be asked for now, as far as quotas go. */
export function quotaAllowance({ state, byPhase, isDue }: PlanContext): number {
  const { allowance, untilMs } = state.quota;
  if (allowance === null) return Infinity;
  if (!isDue(untilMs)) return 0;
  return allowance - byPhase.pending.filter(({ pod }) => pod === null).length;
}
