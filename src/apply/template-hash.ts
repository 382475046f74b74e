/** The identity of a template: the same for all ways to write the same pod. */
import { createHash } from 'node:crypto';
import type { DocumentTemplate } from '../pool/document.ts';
import { normaliseQuantity } from './quantity.ts';

/** 10 base-36 digits, 3.7e15 values: fit for a label, and no pool ever has enough templates to collide. */
const hashLength = 10;

/**
 * The hash of a template as its user wrote it, before the server's defaults, so that an upgrade of
 * the cluster makes no pod stale. The order of keys, null values and the way a quantity is written
 * do not count.
 */
export function templateHash(template: DocumentTemplate): string {
  const digest = createHash('sha256').update(JSON.stringify(canonical(template, [])));
  return BigInt(`0x${digest.digest('hex')}`)
    .toString(36)
    .padStart(hashLength, '0')
    .slice(-hashLength);
}

function canonical(value: unknown, path: string[]): unknown {
  if (isQuantity(path)) return normaliseQuantity(value);
  if (Array.isArray(value)) return value.map((item) => canonical(item, [...path, '']));
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, item]) => item !== null && item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, canonical(item, [...path, key])]);
}

/** Whether a path in a template leads to a quantity. Labels of the same names must not count. */
function isQuantity(path: string[]): boolean {
  const [key, parent, grandparent] = path.slice(-3).reverse();
  if (grandparent === 'resources') return parent === 'requests' || parent === 'limits';
  if (parent === 'emptyDir') return key === 'sizeLimit';
  if (parent === 'resourceFieldRef') return key === 'divisor';
  return grandparent === 'spec' && parent === 'overhead';
}
