/**
 * Every name that is derived from a pool's name, made in one place.
 *
 * Lengths: a pod is `<pool>-<ordinal in base 36>` and its name is also its hostname, which
 * Kubernetes cuts at 63 characters. 50 for the pool leaves 12 base-36 digits: 4.7e18 pods.
 */

/** The longest pool name, so that `<pool>-<ordinal>` and `<pool>-<templateHash>` stay valid. */
export const maxPoolNameLength = 50;

/** DNS-1123 label: what Kubernetes accepts as a pod's hostname and a label's value. */
const poolNamePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Whether a string can name a pool: a DNS-1123 label of at most 50 characters. */
export function isPoolName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= maxPoolNameLength && poolNamePattern.test(name);
}

/** Names of Kubernetes namespaces are DNS-1123 labels of at most 63 characters. */
const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Whether a value can name a Kubernetes namespace. */
export function isNamespace(value: unknown): value is string {
  return typeof value === 'string' && namespacePattern.test(value);
}

/**
 * Digits of an ordinal that is taken in from a name: 1e14 pods. A hand-made `<pool>-zzzzzzzzzz` must
 * not bring the count near to 2^53, where numbers stop being distinct.
 */
const maxOrdinalDigits = 9;

/** The pod of an ordinal: `<pool>-<ordinal in base 36>`. A pool never uses a name twice. */
export function podName(pool: string, ordinal: number): string {
  return `${pool}-${ordinal.toString(36)}`;
}

/**
 * The ordinal in a pod's name, or null when the name is not one that this pool would make: another
 * pool's, a hand-made one, or one whose digits are not what `podName` writes (`pool-007`).
 */
export function podOrdinal(pool: string, name: string): number | null {
  if (!name.startsWith(`${pool}-`)) return null;
  const digits = name.slice(pool.length + 1);
  if (digits.length > maxOrdinalDigits || !/^[0-9a-z]+$/.test(digits)) return null;
  const ordinal = Number.parseInt(digits, 36);
  return ordinal.toString(36) === digits ? ordinal : null;
}

/**
 * Whether a name may be a key of our plain objects. Every object inherits `constructor`, so a pod of
 * that name would be looked up as something that no record is, and fail the workflow for good (P8).
 */
export function isKey(name: string): boolean {
  return !(name in Object.prototype);
}

/** The PodTemplate object that stores a pool's template: immutable by name. */
export function templateName(pool: string, templateHash: string): string {
  return `${pool}-${templateHash}`;
}

/** The ConfigMap by which a pool tells API and CLI its policy, phase and reason. */
export function poolCardName(pool: string): string {
  return `pilotlight-${pool}`;
}

/** The Lease that ties a claimId to the one pod it may take; `claimHash` is the claim label's value. */
export function claimRecordName(claimHash: string): string {
  return `pilotlight-${claimHash}`;
}

/** The id of the one workflow that decides for a pool. */
export function poolWorkflowId(pool: string): string {
  return `pool-${pool}`;
}

/** The id of the one workflow that watches a Kubernetes namespace. */
export function watchWorkflowId(namespace: string): string {
  return `watch-${namespace}`;
}
