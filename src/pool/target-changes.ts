/**
 * Who changed a pool's target, and when: the latest few, for people. Nothing is decided by it, since a
 * name is only what its sender says of itself.
 */

/** One change of the target. */
export interface TargetChange {
  atMs: number;
  from: number;
  to: number;
  /** Who asked for it, by their own word; null for a message without a name. */
  by: string | null;
}

/** Changes that are remembered: what a person takes in at a glance, and under 1 KB of state. */
export const maxTargetChanges = 5;

/** Longest name: `user@host` and the names of tokens are shorter. */
export const maxSenderLength = 120;

/** The end of the year 9999: what is later can't be shown as a date. */
const lastInstantMs = 253_402_300_799_999;

/** Another release may have had a higher limit than this one's 1,000; what has more digits is no target. */
const maxTarget = 1_000_000;

/** Control characters, invisible marks that turn or hide text, line ends and halves of characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Reads the name of a sender from anything: one printable line of at most 120 characters, or null when
 * nothing of it is left. A message is followed whatever its name is. Never throws.
 */
export function readSender(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  // Cut first: of a megabyte nothing but its beginning is looked at.
  const line = value.slice(0, maxSenderLength).replaceAll(unprintable, ' ');
  return line.replaceAll(/\s+/g, ' ').trim() || null;
}

/** The name that a message brings in its field `by`; null without one. Never throws. */
export function senderOf(message: unknown): string | null {
  if (typeof message !== 'object' || message === null) return null;
  return readSender((message as { by?: unknown }).by);
}

/** The changes with one more, oldest first; the oldest beyond the fifth is forgotten. */
export function noteTargetChange(known: TargetChange[], change: TargetChange): TargetChange[] {
  return [...known, change].slice(-maxTargetChanges);
}

/** Reads the changes that a state carries; what is none is left out. Never throws. */
export function readTargetChanges(value: unknown): TargetChange[] {
  if (!Array.isArray(value)) return [];
  return value.slice(-maxTargetChanges).flatMap(readTargetChange);
}

function readTargetChange(value: unknown): TargetChange[] {
  if (typeof value !== 'object' || value === null) return [];
  const { atMs, from, to, by } = value as Partial<Record<keyof TargetChange, unknown>>;
  if (!isUpTo(atMs, lastInstantMs) || !isUpTo(from, maxTarget) || !isUpTo(to, maxTarget)) return [];
  return [{ atMs, from, to, by: readSender(by) }];
}

function isUpTo(value: unknown, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max;
}
