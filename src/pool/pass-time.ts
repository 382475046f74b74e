/** What changes in a pool by time alone, before a plan is made. */
import { expireDemand } from './demand.ts';
import { rememberedMs } from './failures.ts';
import { planContext, type PlanContext } from './plan-context.ts';
import { missingPods } from './spawns.ts';
import { noFailures, type PoolState } from './state.ts';

/** The state at an instant. The same state when nothing has run out by then. */
export function passTime(state: PoolState, nowMs: number): PoolState {
  const passed = passDrainDeadline(expireDemand(releaseSurplus(state, nowMs), nowMs), nowMs);
  return forgiveFailures(passed, nowMs);
}

/** The state once a surplus was kept for long enough: 0 holds back as little as an instant that has passed. */
function releaseSurplus(state: PoolState, nowMs: number): PoolState {
  const { flapping } = state;
  const isOver = flapping.heldUntilMs > 0 && nowMs >= flapping.heldUntilMs;
  return isOver ? { ...state, flapping: { ...flapping, heldUntilMs: 0 } } : state;
}

/** The state once its drain has waited for claims long enough. */
function passDrainDeadline(state: PoolState, nowMs: number): PoolState {
  const isOver = state.drainEndsAtMs !== null && nowMs >= state.drainEndsAtMs;
  return isOver && !state.drainIsOver ? { ...state, drainIsOver: true } : state;
}

/**
 * Failures end with the next good pod. A pool that needs no other pod would stay Degraded for good
 * after one crash, and replace nothing that is outdated.
 */
function forgiveFailures(state: PoolState, nowMs: number): PoolState {
  if (state.rules < 2 || state.failures.rounds === 0) return state;
  const atMs = forgivenAtMs(planContext(state, nowMs, []));
  return atMs !== null && atMs <= nowMs ? { ...state, failures: noFailures } : state;
}

/**
 * When failures are forgiven if nothing happens before: a pool that is full and has had none for as
 * long as they are remembered has got over them. Null while there are none or pods are missing.
 */
export function forgivenAtMs(context: PlanContext): number | null {
  const { state, byPhase } = context;
  const { rounds, lastAtMs } = state.failures;
  if (state.rules < 2 || rounds === 0 || lastAtMs === null) return null;
  const isFull = byPhase.pending.length + byPhase.unready.length === 0 && missingPods(context) <= 0;
  return isFull ? lastAtMs + rememberedMs(state.spec) : null;
}
