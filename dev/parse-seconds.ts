import { InvalidArgumentError } from 'commander';

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3_600 };

/** A day: a node that takes longer never comes. */
const maxSeconds = 86_400;

/** Reads a duration like `150s`, `2.5m` or `150` (seconds), from 0 to a day, into seconds. */
export function parseSeconds(value: string): number {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(value) ?? [];
  const seconds = Number(digits) * (unitSeconds[unit] ?? NaN);
  if (seconds >= 0 && seconds <= maxSeconds) return seconds;
  throw new InvalidArgumentError(
    `Expected a duration from 0s to 24h like 150s or 2m, got ${value}.`,
  );
}
