/** Checks what people ask of a pool. Every limit is in one table, with its reason. */
import type { PoolSpec } from './pool-spec.ts';
import { show } from './show.ts';

/** One thing that is wrong with a document. */
export interface FieldError {
  field: string;
  expected: string;
  given: string;
}

interface Limit {
  min: number;
  max: number;
  default: number | null;
  reason: string;
}

/** Limits of the whole numbers in a spec. A default of null: the field is required. */
export const specLimits = {
  warmTarget: { min: 0, max: 2000, default: null, reason: 'no more than maxPods can be' },
  maxPods: {
    min: 1,
    max: 2000,
    default: 2000,
    reason: 'a workflow may have 2,000 activities pending, one a pod',
  },
  maxPending: {
    min: 1,
    max: 1000,
    default: 100,
    reason:
      'a thousand waiting spawns are the most that were measured; their heartbeats cost Temporal 0.2 cores',
  },
  podReadySeconds: {
    min: 5,
    max: 3600,
    default: 300,
    reason: 'a pod can be created and started in 5 s, and a node that takes an hour never comes',
  },
  unreadySeconds: {
    min: 5,
    max: 3600,
    default: 60,
    reason: 'shorter than one probe period would replace pods for a blip',
  },
  maxAgeSeconds: {
    min: 0,
    max: 31_536_000,
    default: 0,
    reason: '0 is never; a pod that is a year old has missed every update of its node',
  },
  maxIdleSeconds: { min: 0, max: 31_536_000, default: 0, reason: 'as maxAgeSeconds' },
  'claim.leaseSeconds': {
    min: 0,
    max: 604_800,
    default: 3600,
    reason: '0 is no lease; a holder that is silent for a week is gone',
  },
  'claim.maxLeaseSeconds': {
    min: 0,
    max: 604_800,
    default: 86_400,
    reason: 'as leaseSeconds',
  },
  'rollout.maxSurge': { min: 0, max: 2000, default: 1, reason: 'no more than maxPods can be' },
  'rollout.maxUnavailable': { min: 0, max: 2000, default: 0, reason: 'as maxSurge' },
  'failure.backOffSeconds': {
    min: 1,
    max: 600,
    default: 10,
    reason: 'long enough that a fault shows, yet no longer than the longest default probe',
  },
  'failure.probeSeconds': {
    min: 1,
    max: 3600,
    default: 60,
    reason: 'a pod a second is no probe, and after an hour nobody waits for the next',
  },
  'failure.maxProbeSeconds': { min: 1, max: 3600, default: 600, reason: 'as probeSeconds' },
} as const satisfies Record<string, Limit>;

type LimitedField = keyof typeof specLimits;

/** What a template's hash looks like: a label value and the end of an object's name. */
const templateHashPattern = /^[a-z0-9]{1,12}$/;

/** A spec without the hash of its template: what people write. */
export type PoolSettings = Omit<PoolSpec, 'templateHash'>;

const settingNames = [
  'warmTarget',
  'maxPods',
  'maxPending',
  'podReadySeconds',
  'unreadySeconds',
  'maxAgeSeconds',
  'maxIdleSeconds',
  'claim',
  'rollout',
  'failure',
];

const failureNames = ['backOffSeconds', 'probeSeconds', 'maxProbeSeconds'];

/**
 * Reads the numbers of a spec from anything. Defaults are filled in, unknown fields refused; every
 * error is reported, not only the first. Never throws.
 */
export function checkPoolSettings(
  value: unknown,
): { ok: true; settings: PoolSettings } | { ok: false; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const spec = section(value, 'spec', errors, settingNames);
  const claim = section(spec.claim ?? {}, 'claim', errors, ['leaseSeconds', 'maxLeaseSeconds']);
  const rollout = section(spec.rollout ?? {}, 'rollout', errors, ['maxSurge', 'maxUnavailable']);
  const failure = section(spec.failure ?? {}, 'failure', errors, failureNames);
  const whole = (from: Record<string, unknown>, field: LimitedField): number =>
    wholeNumber(from[field.slice(field.indexOf('.') + 1)], field, errors);
  const settings: PoolSettings = {
    warmTarget: whole(spec, 'warmTarget'),
    maxPods: whole(spec, 'maxPods'),
    maxPending: whole(spec, 'maxPending'),
    podReadySeconds: whole(spec, 'podReadySeconds'),
    unreadySeconds: whole(spec, 'unreadySeconds'),
    maxAgeSeconds: whole(spec, 'maxAgeSeconds'),
    maxIdleSeconds: whole(spec, 'maxIdleSeconds'),
    claim: {
      leaseSeconds: whole(claim, 'claim.leaseSeconds'),
      maxLeaseSeconds: whole(claim, 'claim.maxLeaseSeconds'),
    },
    rollout: {
      maxSurge: whole(rollout, 'rollout.maxSurge'),
      maxUnavailable: whole(rollout, 'rollout.maxUnavailable'),
    },
    failure: {
      backOffSeconds: whole(failure, 'failure.backOffSeconds'),
      probeSeconds: whole(failure, 'failure.probeSeconds'),
      maxProbeSeconds: whole(failure, 'failure.maxProbeSeconds'),
    },
  };
  if (errors.length === 0) errors.push(...contradictions(settings));
  return errors.length === 0 ? { ok: true, settings } : { ok: false, errors };
}

/** Reads what a workflow is sent: the settings with the template's hash. Never throws. */
export function checkPoolSpec(
  value: unknown,
): { ok: true; spec: PoolSpec } | { ok: false; errors: FieldError[] } {
  const { templateHash, ...rest } = isMapping(value) ? value : {};
  const checked = checkPoolSettings(isMapping(value) ? rest : value);
  if (typeof templateHash === 'string' && templateHashPattern.test(templateHash)) {
    return checked.ok ? { ok: true, spec: { ...checked.settings, templateHash } } : checked;
  }
  const error = { field: 'templateHash', expected: 'a hash', given: show(templateHash) };
  return { ok: false, errors: [...(checked.ok ? [] : checked.errors), error] };
}

/**
 * The spec that an older release had accepted, made fit for this one: what is missing or outside of
 * today's limits gets the default, what exceeds another setting comes down to it. Null without the hash of
 * a template, since there is no default for that. Never throws.
 */
export function repairPoolSpec(value: unknown): PoolSpec | null {
  const spec = mappingOr(value);
  const { templateHash } = spec;
  if (typeof templateHash !== 'string' || !templateHashPattern.test(templateHash)) return null;
  const [claim, rollout] = [mappingOr(spec.claim), mappingOr(spec.rollout)];
  const failure = mappingOr(spec.failure);
  const repaired = (given: unknown, field: LimitedField): number => {
    const limit: Limit = specLimits[field];
    const isWithin = Number.isInteger(given) && Number(given) <= limit.max;
    return isWithin && Number(given) >= limit.min ? Number(given) : (limit.default ?? limit.min);
  };
  const maxPods = repaired(spec.maxPods, 'maxPods');
  const maxLeaseSeconds = repaired(claim.maxLeaseSeconds, 'claim.maxLeaseSeconds');
  const leaseSeconds = repaired(claim.leaseSeconds, 'claim.leaseSeconds');
  const maxProbeSeconds = repaired(failure.maxProbeSeconds, 'failure.maxProbeSeconds');
  const probeSeconds = Math.min(
    repaired(failure.probeSeconds, 'failure.probeSeconds'),
    maxProbeSeconds,
  );
  const backOffSeconds = repaired(failure.backOffSeconds, 'failure.backOffSeconds');
  return {
    warmTarget: Math.min(maxPods, repaired(spec.warmTarget, 'warmTarget')),
    maxPods,
    maxPending: repaired(spec.maxPending, 'maxPending'),
    podReadySeconds: repaired(spec.podReadySeconds, 'podReadySeconds'),
    unreadySeconds: repaired(spec.unreadySeconds, 'unreadySeconds'),
    maxAgeSeconds: repaired(spec.maxAgeSeconds, 'maxAgeSeconds'),
    maxIdleSeconds: repaired(spec.maxIdleSeconds, 'maxIdleSeconds'),
    claim: { leaseSeconds: Math.min(leaseSeconds, maxLeaseSeconds), maxLeaseSeconds },
    rollout: {
      maxSurge: repaired(rollout.maxSurge, 'rollout.maxSurge'),
      maxUnavailable: repaired(rollout.maxUnavailable, 'rollout.maxUnavailable'),
    },
    failure: {
      backOffSeconds: Math.min(backOffSeconds, probeSeconds),
      probeSeconds,
      maxProbeSeconds,
    },
    templateHash,
  };
}

/** Longest text of errors: whoever sends a thousand unknown fields need not read them all. */
const maxErrorsLength = 1_000;

/** What is wrong, in one line of at most 1,000 characters. */
export function describeErrors(errors: FieldError[]): string {
  return errors
    .map(({ field, expected, given }) => `Expected \`${field}\` to be ${expected}, got ${given}`)
    .join('; ')
    .slice(0, maxErrorsLength);
}

function contradictions(spec: PoolSettings): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.warmTarget > spec.maxPods) {
    const expected = `at most maxPods (${spec.maxPods})`;
    errors.push({ field: 'warmTarget', expected, given: show(spec.warmTarget) });
  }
  if (spec.rollout.maxSurge + spec.rollout.maxUnavailable === 0) {
    const expected = 'above 0 when rollout.maxUnavailable is 0, or nothing could be replaced';
    errors.push({ field: 'rollout.maxSurge', expected, given: '0' });
  }
  if (spec.claim.leaseSeconds > spec.claim.maxLeaseSeconds) {
    const expected = `at most claim.maxLeaseSeconds (${spec.claim.maxLeaseSeconds})`;
    errors.push({ field: 'claim.leaseSeconds', expected, given: show(spec.claim.leaseSeconds) });
  }
  const { backOffSeconds, probeSeconds, maxProbeSeconds } = spec.failure;
  if (backOffSeconds > probeSeconds) {
    const expected = `at most failure.probeSeconds (${probeSeconds})`;
    errors.push({ field: 'failure.backOffSeconds', expected, given: show(backOffSeconds) });
  }
  if (probeSeconds > maxProbeSeconds) {
    const expected = `at most failure.maxProbeSeconds (${maxProbeSeconds})`;
    errors.push({ field: 'failure.probeSeconds', expected, given: show(probeSeconds) });
  }
  return errors;
}

/** Reads a target: a bare number, or `{target: number}`, as operators type both. Never throws. */
export function checkTarget(
  value: unknown,
  spec: Pick<PoolSpec, 'maxPods'>,
): { ok: true; target: number } | { ok: false; message: string } {
  const target =
    typeof value === 'object' && value !== null ? (value as { target?: unknown }).target : value;
  if (Number.isInteger(target) && Number(target) >= 0 && Number(target) <= spec.maxPods) {
    return { ok: true, target: Number(target) };
  }
  const range = `0 to ${spec.maxPods} (maxPods)`;
  const message = `Expected \`target\` to be an integer from ${range}, got ${show(value)}`;
  return { ok: false, message };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mappingOr(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {};
}

function section(
  value: unknown,
  field: string,
  errors: FieldError[],
  known: string[],
): Record<string, unknown> {
  if (!isMapping(value)) {
    errors.push({ field, expected: 'a mapping', given: show(value) });
    return {};
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const name = field === 'spec' ? key : `${field}.${key}`;
    errors.push({ field: name, expected: `one of ${known.join(', ')}`, given: 'an unknown field' });
  }
  return value;
}

function wholeNumber(value: unknown, field: LimitedField, errors: FieldError[]): number {
  const limit: Limit = specLimits[field];
  if (value === undefined && limit.default !== null) return limit.default;
  if (Number.isInteger(value) && Number(value) >= limit.min && Number(value) <= limit.max) {
    return Number(value);
  }
  const expected = `an integer from ${limit.min} to ${limit.max}`;
  errors.push({ field, expected, given: show(value) });
  return limit.min;
}
