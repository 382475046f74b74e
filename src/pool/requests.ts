/** What people ask of a pool, applied to its state. None of these throws, whatever it is given (P8). */
import { noQuota } from './brakes.ts';
import { readPoolLabels, type PoolLabels } from './pool-labels.ts';
import type { PoolSpec } from './pool-spec.ts';
import { show } from './show.ts';
import { checkPoolSpec, checkTarget, describeErrors, type FieldError } from './spec.ts';
import { noFailures, type PoolState } from './state.ts';
import { noteTargetChange, senderOf } from './target-changes.ts';

/** Longest refusal kept: a message may quote what it was given. */
const maxRefusalLength = 300;

/**
 * A new target: a bare number or `{target: n, by?: name}`. Anything else changes only `lastRefusal`; a
 * name that is none changes nothing.
 */
export function requestTarget(state: PoolState, value: unknown, nowMs: number): PoolState {
  const checked = checkTarget(value, state.spec);
  if (!checked.ok) return refuse(state, `setTarget: ${checked.message}`, nowMs);
  const spec = { ...state.spec, warmTarget: checked.target };
  return retarget(state, { spec, by: senderOf(value), nowMs });
}

/**
 * A target that is lowered again within 5 minutes of the last time, having been raised in between,
 * flaps: what is too much is then kept for 5 minutes, instead of being ended and made anew.
 */
const flapWithinMs = 300_000;

/** The state with another spec, who changed its target, and what the target's ups and downs tell. */
function retarget(
  state: PoolState,
  { spec, by, nowMs }: { spec: PoolSpec; by: string | null; nowMs: number },
): PoolState {
  const [from, to] = [state.spec.warmTarget, spec.warmTarget];
  if (from === to) return { ...state, spec };
  const targetChanges = noteTargetChange(state.targetChanges, { atMs: nowMs, from, to, by });
  return { ...state, spec, targetChanges, flapping: flappingAfter(state, to - from, nowMs) };
}

/** What is known of the target's ups and downs after one more. */
function flappingAfter(
  { flapping }: PoolState,
  change: number,
  nowMs: number,
): PoolState['flapping'] {
  const { raisedAtMs, loweredAtMs, heldUntilMs } = flapping;
  if (change > 0) return { ...flapping, raisedAtMs: nowMs };
  const isFlap =
    loweredAtMs !== null &&
    raisedAtMs !== null &&
    raisedAtMs >= loweredAtMs &&
    nowMs - loweredAtMs < flapWithinMs;
  const keptUntilMs = isFlap ? nowMs + flapWithinMs : heldUntilMs;
  return { raisedAtMs, loweredAtMs: nowMs, heldUntilMs: keptUntilMs };
}

/** What `applySpec` carries, checked against a pool: anything that a client can send. Never throws. */
export function checkSpecRequest(
  request: unknown,
  state: Pick<PoolState, 'pool' | 'namespace' | 'draining' | 'labels'>,
):
  | { ok: true; spec: PoolSpec; labels: PoolLabels; upsertSearchAttributes: boolean }
  | { ok: false; message: string } {
  const refused = (message: string) => ({ ok: false as const, message });
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return refused(`Expected an object with \`spec\`, got ${show(request)}`);
  }
  const { namespace, spec, labels, upsertSearchAttributes } = request as Record<string, unknown>;
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
  const errors: FieldError[] = [];
  // A sender that knows of no labels leaves them as they are.
  const given = labels === undefined ? state.labels : readPoolLabels(labels, 'labels', errors);
  if (errors.length > 0) return refused(describeErrors(errors));
  return {
    ok: true,
    spec: checked.spec,
    labels: given,
    upsertSearchAttributes: upsertSearchAttributes === true,
  };
}

/**
 * A new spec. A new template starts with a clean record of failures. The pool's card is written anew:
 * who applies a pool again may have found the API without it.
 */
export function requestSpec(state: PoolState, request: unknown, nowMs: number): PoolState {
  const checked = checkSpecRequest(request, state);
  if (!checked.ok) return refuse(state, `applySpec: ${checked.message}`, nowMs);
  const { spec, labels, upsertSearchAttributes } = checked;
  const isNewTemplate = spec.templateHash !== state.spec.templateHash;
  return {
    ...retarget(state, { spec, by: senderOf(request), nowMs }),
    labels,
    upsertSearchAttributes,
    previousTemplateHash: isNewTemplate ? state.spec.templateHash : state.previousTemplateHash,
    failures: isNewTemplate ? noFailures : state.failures,
    publish: state.rules < 2 ? state.publish : { ...state.publish, published: null },
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

/** Longest wait for claims that a drain may be given: a week, as the longest lease. */
const maxDrainSeconds = 604_800;

/**
 * Ends the pool: no new claims, unclaimed pods retired, claimed ones waited for. `value` may be
 * `{deadlineSeconds}`, by default the longest lease of the pool, or a week if it has none: a claim
 * that is still held then is left as it is and named in the summary (P3). Anything else changes only
 * `lastRefusal`.
 */
export function requestDrain(state: PoolState, value: unknown, nowMs: number): PoolState {
  const { deadlineSeconds } = (value ?? {}) as { deadlineSeconds?: unknown };
  const seconds = deadlineSeconds ?? (state.spec.claim.maxLeaseSeconds || maxDrainSeconds);
  const isFit = Number.isInteger(seconds) && Number(seconds) >= 0;
  if (!isFit || Number(seconds) > maxDrainSeconds) {
    const expected = `an integer from 0 to ${maxDrainSeconds}`;
    const given = show(deadlineSeconds);
    const message = `drain: Expected \`deadlineSeconds\` to be ${expected}, got ${given}`;
    return refuse(state, message, nowMs);
  }
  return { ...state, draining: true, drainEndsAtMs: nowMs + Number(seconds) * 1000 };
}

/** Tries a template that failed again at once, as if it were new. */
export function requestRetry(state: PoolState): PoolState {
  return {
    ...state,
    failures: noFailures,
    disturbances: { ...state.disturbances, level: 0, untilMs: 0 },
    quota: noQuota,
  };
}

/** Notes why a message was not followed, so that its sender finds the reason in the status. */
export function refuse(state: PoolState, message: string, nowMs: number): PoolState {
  return { ...state, lastRefusal: { atMs: nowMs, message: message.slice(0, maxRefusalLength) } };
}
