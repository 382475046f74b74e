/** What people ask of a pool, applied to its state. None of these throws, whatever it is given (P8). */
import type { PoolSpec } from './pool-spec.ts';
import { checkTarget } from './spec.ts';
import { noFailures, type PoolState } from './state.ts';

/** Longest refusal kept: a message may quote what it was given. */
const maxRefusalLength = 300;

/** A new target: a bare number or `{target: n}`. Anything else changes only `lastRefusal`. */
export function requestTarget(state: PoolState, value: unknown, nowMs: number): PoolState {
  const checked = checkTarget(value, state.spec);
  if (!checked.ok) return refuse(state, `setTarget: ${checked.message}`, nowMs);
  return { ...state, spec: { ...state.spec, warmTarget: checked.target } };
}

/** A new spec. A new template starts with a clean record of failures. */
export function requestSpec(
  state: PoolState,
  request: { spec: PoolSpec; upsertSearchAttributes: boolean },
): PoolState {
  const isNewTemplate = request.spec.templateHash !== state.spec.templateHash;
  return {
    ...state,
    spec: request.spec,
    upsertSearchAttributes: request.upsertSearchAttributes,
    previousTemplateHash: isNewTemplate ? state.spec.templateHash : state.previousTemplateHash,
    failures: isNewTemplate ? noFailures : state.failures,
  };
}

/** Stops spawns and scale-down until `resume`. */
export function requestPause(state: PoolState): PoolState {
  return { ...state, paused: true };
}

/** Takes up work again after `pause`. */
export function requestResume(state: PoolState): PoolState {
  return { ...state, paused: false };
}

/** Ends the pool: no new claims, unclaimed pods retired, claimed ones waited for. */
export function requestDrain(state: PoolState): PoolState {
  return { ...state, draining: true };
}

/** Notes why a message was not followed, so that its sender finds the reason in the status. */
export function refuse(state: PoolState, message: string, nowMs: number): PoolState {
  return { ...state, lastRefusal: { atMs: nowMs, message: message.slice(0, maxRefusalLength) } };
}
