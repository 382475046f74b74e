/**
 * A cap on the pods that a pool ends in any minute, so that no mistake empties it at once: a target
 * typed wrong, a release that judges every pod unhealthy. What must go anyway is not capped: failed
 * and ended pods serve nobody, disrupted ones are taken away by others, and leases that are over and
 * a drain were asked for.
 */
import type { Deletions } from './brakes.ts';
import type { PoolState, RetireReason } from './state.ts';

/** Pods a minute that may always be ended: a small pool can be turned over within one. */
const leastPerMinute = 30;

/**
 * Pods a minute that may always be ended for not being Ready. That is the pool's own judgement, and
 * when all are judged so at once the fault is rarely theirs: six pods then last three minutes.
 */
const leastUnreadyPerMinute = 2;

/** Of a larger pool a quarter a minute: 300 warm pods are gone in four, and somebody notices before. */
const shareOfPods = 0.25;

const minuteMs = 60_000;

/** Deletions within the same 5 s are one entry, counted from its end: 13 entries at most. */
const entryMs = 5_000;

const uncapped: readonly RetireReason[] = ['failed', 'ended', 'expired', 'drain', 'disrupted'];

/** Whether ends for a reason are capped. */
function isCapped(reason: RetireReason): boolean {
  return !uncapped.includes(reason);
}

/** What is left of a minute's deletions. */
export interface DeletionBudget {
  /** Whether one more may be ended for this reason; it is counted then. */
  take(reason: RetireReason): boolean;
  /** When something is left again; the time given while nothing was ended. */
  nextAtMs: number;
}

/** The budget of one plan. */
export function deletionBudget(state: PoolState, nowMs: number): DeletionBudget {
  const share = Math.ceil(Object.keys(state.records).length * shareOfPods);
  const recent = within(state.deletions, nowMs);
  const sum = (key: 'count' | 'unready'): number =>
    recent.reduce((total, entry) => total + entry[key], 0);
  let left = Math.max(leastPerMinute, share) - sum('count');
  let leftUnready = Math.max(leastUnreadyPerMinute, share) - sum('unready');
  return {
    nextAtMs: (recent[0]?.atMs ?? nowMs - minuteMs) + minuteMs,
    take(reason) {
      if (!isCapped(reason)) return true;
      const isUnready = reason === 'unready';
      if (left <= 0 || (isUnready && leftUnready <= 0)) return false;
      left -= 1;
      if (isUnready) leftUnready -= 1;
      return true;
    },
  };
}

/** The count after some more were begun. */
export function countDeletions(
  deletions: Deletions,
  reasons: RetireReason[],
  nowMs: number,
): Deletions {
  const capped = reasons.filter(isCapped);
  if (capped.length === 0) return deletions;
  const atMs = Math.ceil(nowMs / entryMs) * entryMs;
  const recent = within(deletions, nowMs);
  const last = recent.at(-1);
  const same = last?.atMs === atMs ? last : { count: 0, unready: 0 };
  const entry = {
    atMs,
    count: same.count + capped.length,
    unready: same.unready + capped.filter((reason) => reason === 'unready').length,
  };
  return [...recent.filter((other) => other.atMs !== atMs), entry];
}

function within(deletions: Deletions, nowMs: number): Deletions {
  return deletions.filter(({ atMs }) => atMs > nowMs - minuteMs);
}
