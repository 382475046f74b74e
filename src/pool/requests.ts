/** What people ask of a pool, applied to its state. None of these throws, whatever it is given (P8). */
import type { PoolSpec } from './pool-spec.ts';
import { show } from './show.ts';
import { checkPoolSpec, checkTarget, describeErrors } from './spec.ts';
import { noFailures, type PoolState } from './state.ts';

/** Longest refusal kept: a message may quote what it was given. */
const maxRefusalLength = 300;

/** A new target: a bare number or `{target: n}`. Anything else changes only `lastRefusal`. */
export function requestTarget(state: PoolState, value: unknown, nowMs: number): PoolState {
  const checked = checkTarget(value, state.spec);
  if (!checked.ok) return refuse(state, `setTarget: ${checked.message}`, nowMs);
  return { ...state, spec: { ...state.spec, warmTarget: checked.target } };
}

/** What `applySpec` carries, checked against a pool: anything that a client can send. Never throws. */
export function checkSpecRequest(
  request: unknown,
  state: PoolState,
): { ok: true; spec: PoolSpec; upsertSearchAttributes: boolean } | { ok: false; message: string } {
  const refused = (message: string) => ({ ok: false as const, message });
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return refused(`Expected an object with \`spec\`, got ${show(request)}`);
  }
  const { namespace, spec, upsertSearchAttributes } = request as Record<string, unknown>;
  const { pool, namespace: home } = state;
  if (namespace !== home) {
    return refused(
      `Expected \`namespace\` to be ${home}, where pool ${pool} lives, got ${show(namespace)}`,
    );
  }
  if (state.draining)
    return refused(`Pool ${pool} is being drained; apply again once it has ended`);
  const checked = checkPoolSpec(spec);
  if (!checked.ok) return refused(describeErrors(checked.errors));
  return {
    ok: true,
    spec: checked.spec,
    upsertSearchAttributes: upsertSearchAttributes === true,
  };
}

/** A new spec. A new template starts with a clean record of failures. */
export function requestSpec(state: PoolState, request: unknown, nowMs: number): PoolState {
  const checked = checkSpecRequest(request, state);
  if (!checked.ok) return refuse(state, `applySpec: ${checked.message}`, nowMs);
  const { spec, upsertSearchAttributes } = checked;
  const isNewTemplate = spec.templateHash !== state.spec.templateHash;
  return {
    ...state,
    spec,
    upsertSearchAttributes,
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
