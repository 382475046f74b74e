/**
 * Kubernetes' resourceVersion as the clock of observations.
 *
 * The API server documents the string as opaque, yet since 1.35 guarantees that versions of one
 * resource type are decimal numbers that may be compared. They exceed 2^53 in principle, so they are
 * compared as strings: the longer is the newer, equal lengths by digits. Versions of other types
 * than pods and pod lists must not be mixed in.
 */

/** A version older than every real one: nothing has been observed yet. */
export const noVersion = '0';

/** Whether a string is a version we can order: decimal digits without a leading zero, or `0`. */
export function isVersion(value: unknown): value is string {
  return typeof value === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(value);
}

/** Negative when `a` is older than `b`, 0 when they are the same, positive when it is newer. */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The newer of two versions. */
export function newerVersion(a: string, b: string): string {
  return compareVersions(a, b) >= 0 ? a : b;
}
