/** Refuses requests that can't be carried out, before anything is written. */
import { reservedPrefix } from '../pool/labels.ts';
import type { ClaimRequest } from './claim.ts';
import { ClaimError } from './claim-error.ts';
import type { ClaimLimits } from './claim-limits.ts';

/** ClaimIds that this process makes up; callers may not use them, so the two kinds never meet. */
export const autoClaimIdPrefix = 'auto-';

/** Long enough for a URL or a path; it stands in an annotation, which would take far more. */
const maxClaimIdLength = 200;
const maxHolderLength = 200;

/** Labels, and annotations, of a caller: more than any pod has, and the pod stays small. */
const maxKeys = 32;

/** All annotations of a caller together; Kubernetes refuses 256 KiB. */
const maxAnnotationLength = 16_384;

/** A prefix is a DNS subdomain, a name is up to 63 of these. */
const keyPattern =
  /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValuePattern = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Printable: no control characters, and no half of a surrogate pair. */
const printablePattern = /^[^\p{Cc}\p{Cs}]+$/u;

/** Keys that the claim writes itself or that select the pod. */
const keptKeys = new Set([
  'app.kubernetes.io/managed-by',
  'karpenter.sh/do-not-disrupt',
  'cluster-autoscaler.kubernetes.io/safe-to-evict',
]);

/** Raises `badRequest` for a field that can't be used, naming it, what is expected and what came. */
export function checkClaimRequest(request: ClaimRequest, limits: ClaimLimits): void {
  const { claimId, waitSeconds, leaseSeconds, holder, labels, annotations } = request;
  if (claimId !== undefined) checkClaimId(claimId);
  const { maxWaitSeconds } = limits;
  if (!(waitSeconds >= 0 && waitSeconds <= maxWaitSeconds)) {
    refuse('waitSeconds', `a number from 0 to ${maxWaitSeconds}`, waitSeconds);
  }
  if (leaseSeconds !== undefined) checkLeaseSeconds(leaseSeconds);
  if (holder !== undefined) checkText('holder', holder, maxHolderLength);
  checkKeys('labels', labels ?? {});
  checkKeys('annotations', annotations ?? {});
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (typeof value === 'string' && labelValuePattern.test(value)) continue;
    refuse(`labels[${JSON.stringify(key)}]`, 'a label value of Kubernetes', value);
  }
  let length = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    if (typeof value !== 'string') refuse(`annotations[${JSON.stringify(key)}]`, 'text', value);
    length += key.length + value.length;
  }
  if (length > maxAnnotationLength) {
    refuse('annotations', `at most ${maxAnnotationLength} characters in all`, length);
  }
}

/** Raises `badRequest` for a claimId that no caller may use. */
function checkClaimId(claimId: string): void {
  checkText('claimId', claimId, maxClaimIdLength);
  if (claimId.startsWith(autoClaimIdPrefix)) {
    refuse('claimId', `another beginning than ${autoClaimIdPrefix}, which is reserved`, claimId);
  }
}

/** Raises `badRequest` for a reason of a release that can't stand in an annotation. */
export function checkReason(reason: string): void {
  checkText('reason', reason, maxHolderLength);
}

/** Raises `badRequest` for a lease that is no whole number of seconds from 1. */
export function checkLeaseSeconds(leaseSeconds: number): void {
  if (Number.isSafeInteger(leaseSeconds) && leaseSeconds >= 1) return;
  refuse('leaseSeconds', 'a whole number from 1', leaseSeconds);
}

function checkText(field: string, value: string, maxLength: number): void {
  if (value.length <= maxLength && printablePattern.test(value)) return;
  refuse(field, `1 to ${maxLength} printable characters`, value);
}

function checkKeys(field: 'labels' | 'annotations', values: Record<string, string>): void {
  const keys = Object.keys(values);
  if (keys.length > maxKeys) refuse(field, `at most ${maxKeys} keys`, keys.length);
  for (const key of keys) {
    const isReserved = key.startsWith(reservedPrefix) || keptKeys.has(key);
    if (isReserved) refuse(field, 'keys that Pilotlight does not write itself', key);
    if (!keyPattern.test(key)) refuse(field, 'keys as Kubernetes allows them', key);
  }
}

/** Characters of a value that an error repeats. */
const maxShown = 80;

function refuse(field: string, expected: string, given: string | number): never {
  const shown = JSON.stringify(given).slice(0, maxShown);
  throw new ClaimError('badRequest', `Expected ${field} to be ${expected}, got ${shown}`, {
    details: { field },
  });
}
