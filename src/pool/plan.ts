/**
 * Decides what a pool does next: pure, total and cheap (O(pods)).
 *
 * L1. Nothing is planned before the first consistent observation (a new life observes first).
 * L2. A pod is spawned only while warm + pending + unready < target + demand (+ surge), below maxPods
 *     of all records and maxPending of pending ones; a record counts from its begin (P1).
 * L3. A claimed pod is retired only once its lease is over, as `leases.ts` judges it (P3).
 * L4. A pending pod without a spawn under way gets one, under the same name: after a timeout, after
 *     continue-as-new, or when it was taken in from the cluster (P5).
 * L5. The same state at the same time gives the same plan, and a begun plan plans nothing again.
 */
import type { Action } from './actions.ts';
import { demandExpiresAtMs } from './demand.ts';
import { judgeLeases } from './leases.ts';
import { forgivenAtMs } from './pass-time.ts';
import { planContext, type PlanContext } from './plan-context.ts';
import { cardOf, cardKey, isOnlyPhaseOf } from './pool-card.ts';
import { retirements } from './retirements.ts';
import { newSpawns, respawns } from './spawns.ts';
import type { PoolState } from './state.ts';

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
export const maxLaunches = 100;

/** Pause before the rest of a plan that was cut at `maxLaunches`, if no event comes before. */
const restAfterMs = 100;

/** Between cards that say no more than whether the pool is full: a write of 1 KB each. */
const minorCardsEveryMs = 30_000;

/** What to launch for this state at this time. */
export function plan({ state, nowMs }: { state: PoolState; nowMs: number }): Plan {
  const wakes: number[] = [];
  const context = planContext(state, nowMs, wakes);
  const actions: Action[] = [];
  const leases = judgeLeases(context);
  const isListDue = context.isDue(state.observe.dueAtMs) || leases.needsList;
  if (state.observe.launchedAtVersion === null && isListDue) actions.push({ kind: 'observe' });
  if (state.observed) {
    actions.push(...leases.retirements);
    actions.push(...retirements(context));
    actions.push(...respawns(context));
    actions.push(...newSpawns(context));
    actions.push(...publication(context));
  }
  const demandEndsAtMs = demandExpiresAtMs(state);
  if (demandEndsAtMs !== null) wakes.push(demandEndsAtMs);
  if (state.drainEndsAtMs !== null) context.isDue(state.drainEndsAtMs);
  const forgivenMs = forgivenAtMs(context);
  if (forgivenMs !== null) context.isDue(forgivenMs);
  if (actions.length > maxLaunches) wakes.push(nowMs + restAfterMs);
  return {
    actions: actions.slice(0, maxLaunches),
    wakeAtMs: wakes.length === 0 ? null : Math.min(...wakes),
  };
}

function publication({ state, isDue }: PlanContext): Action[] {
  const card = cardOf(state);
  const { underWay, published, publishedAtMs, retryAtMs } = state.publish;
  if (underWay !== null || published === cardKey(card)) return [];
  // Under steady claims a pool is full and not full several times a second; its readers need not know.
  const isMinor = state.rules >= 2 && isOnlyPhaseOf(card, published);
  const dueAtMs = Math.max(retryAtMs, isMinor ? publishedAtMs + minorCardsEveryMs : 0);
  return isDue(dueAtMs) ? [{ kind: 'publish', card }] : [];
}
