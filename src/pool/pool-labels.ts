/**
 * A pool's own labels: what kind of pod it holds, so that a claim can ask for the kind and not for a
 * pool. They are kept by the pool and shown on its card; its pods do not carry them.
 */
import { labels } from './labels.ts';
import { isKey } from './names.ts';
import { show } from './show.ts';
import type { FieldError } from './spec.ts';

/** Labels by key. */
export type PoolLabels = Record<string, string>;

/** More say no more about a shape, and the card carries them all. */
const maxLabels = 16;

/** An image with a registry, a path and a digest is about 200 characters long. */
const maxValueLength = 253;

const keyPattern =
  /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** One line without spaces: shapes, images, teams. */
const valuePattern = /^[!-~]+$/;

/** The keys under our prefix that people may set: a claim by shape and image looks for them. */
const ours: readonly string[] = [labels.shape, labels.image];

/** Reads labels from anything; what is wrong is added to `errors`, named by `field`. Never throws. */
export function readPoolLabels(value: unknown, field: string, errors: FieldError[]): PoolLabels {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    errors.push({ field, expected: 'a mapping', given: show(value) });
    return {};
  }
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length > maxLabels) {
    errors.push({ field, expected: `at most ${maxLabels} labels`, given: String(entries.length) });
    return {};
  }
  const read: [string, string][] = [];
  for (const [key, text] of entries) {
    const name = `${field}[${show(key)}]`;
    const isReserved = key.startsWith(labels.shape.replace(/[^/]*$/, '')) && !ours.includes(key);
    if (!isKey(key) || !keyPattern.test(key) || isReserved) {
      errors.push({ field: name, expected: 'a label key of your own', given: show(key) });
    } else if (!isLabelValue(text)) {
      const expected = `1 to ${maxValueLength} printable characters without spaces`;
      errors.push({ field: name, expected, given: show(text) });
    } else {
      read.push([key, text]);
    }
  }
  return Object.fromEntries(read);
}

/** What can be read of labels that another release has accepted. Never throws. */
export function repairPoolLabels(value: unknown): PoolLabels {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const kept = Object.entries(value as Record<string, unknown>).filter(
    (entry): entry is [string, string] => isKey(entry[0]) && isLabelValue(entry[1]),
  );
  return Object.fromEntries(kept.slice(0, maxLabels));
}

function isLabelValue(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxValueLength && valuePattern.test(value);
}
