/** What the parts of a plan share. */
import { demandOf } from './demand.ts';
import { outdatedReason, type OutdatedReason } from './outdated.ts';
import {
  phaseOf,
  type PodPhase,
  type PodRecord,
  type PoolState,
  type RetireReason,
} from './state.ts';

/** A state at an instant, its records by phase, and the way to ask for a later look. */
export interface PlanContext {
  state: PoolState;
  nowMs: number;
  byPhase: Record<PodPhase, PodRecord[]>;
  /** Unclaimed pods that are to be replaced although they may work, with the reason. */
  outdated: Map<PodRecord, OutdatedReason>;
  /** True when the instant has come; else remembers to wake for it. */
  isDue: (atMs: number) => boolean;
}

/** The context of one plan; `wakes` is filled with the instants that were asked about too early. */
export function planContext(state: PoolState, nowMs: number, wakes: number[]): PlanContext {
  const isDue = (atMs: number): boolean => {
    if (atMs <= nowMs) return true;
    wakes.push(atMs);
    return false;
  };
  const byPhase: PlanContext['byPhase'] = {
    ...{ pending: [], warm: [], unready: [], claimed: [], retiring: [] },
  };
  for (const record of Object.values(state.records)) byPhase[phaseOf(record)].push(record);
  const outdated = new Map<PodRecord, OutdatedReason>();
  // The release that recorded the first histories replaced nothing that worked.
  const present = state.rules < 2 ? [] : [byPhase.pending, byPhase.unready, byPhase.warm].flat();
  for (const record of present) {
    const end = outdatedReason(record, state);
    if (end !== null && isDue(end.fromMs)) outdated.set(record, end.reason);
  }
  return { state, nowMs, byPhase, outdated, isDue };
}

/** Pods that are unclaimed and not being ended: those that count towards the target. */
export function unclaimed({ byPhase }: PlanContext): PodRecord[] {
  return [...byPhase.unready, ...byPhase.pending, ...byPhase.warm];
}

/** Warm pods that there should be: the target, and one for each claim that waits. */
export function warmWanted(state: PoolState): number {
  return state.spec.warmTarget + demandOf(state);
}

/** Unclaimed pods allowed beyond the target while some are being replaced (U1). */
export function surge({ state, outdated }: PlanContext): number {
  return Math.min(outdated.size, state.spec.rollout.maxSurge);
}

/**
 * Pods that are being replaced and were told to go, yet not seen to be going: they are there still, and
 * with deletes that take long a replacement for each would exceed the surge (U1).
 */
export function leaving({ byPhase }: PlanContext): number {
  return byPhase.retiring.filter(
    ({ pod, retiring }) =>
      pod?.terminating !== true && retiring !== null && replacedFor.has(retiring),
  ).length;
}

const replacedFor = new Set<RetireReason>(['stale', 'aged', 'idle', 'cordoned']);
