/**
 * A cap on the pods that a pool ends in a minute, so that no mistake empties it at once: a target
 * typed wrong, a release that judges every pod unhealthy. What must go anyway is not capped: failed
 * and ended pods serve nobody, leases that are over and a drain were asked for.
 */
import type { PoolState, RetireReason } from './state.ts';

/** Pods a minute that may always be ended: a small pool can be turned over within one. */
const leastPerMinute = 30;

/** Of a larger pool a quarter a minute: 300 warm pods are gone in four, and somebody notices before. */
const shareOfPods = 0.25;

const minuteMs = 60_000;

const uncapped: readonly RetireReason[] = ['failed', 'ended', 'expired', 'drain'];

/** Whether ends for a reason are capped. */
export function isCapped(reason: RetireReason): boolean {
  return !uncapped.includes(reason);
}

/** What may still be ended now, and when the next minute begins; null while nothing was ended. */
export function deletionsLeft(
  state: PoolState,
  nowMs: number,
): { left: number; nextAtMs: number | null } {
  const perMinute = Math.max(
    leastPerMinute,
    Math.ceil(Object.keys(state.records).length * shareOfPods),
  );
  const { sinceMs, count } = state.deletions;
  if (sinceMs === null || nowMs >= sinceMs + minuteMs) return { left: perMinute, nextAtMs: null };
  return { left: Math.max(0, perMinute - count), nextAtMs: sinceMs + minuteMs };
}

/** The count after some more were begun. */
export function countDeletions(
  deletions: PoolState['deletions'],
  more: number,
  nowMs: number,
): PoolState['deletions'] {
  if (more === 0) return deletions;
  const isSameMinute = deletions.sinceMs !== null && nowMs < deletions.sinceMs + minuteMs;
  return isSameMinute
    ? { ...deletions, count: deletions.count + more }
    : { sinceMs: nowMs, count: more };
}
