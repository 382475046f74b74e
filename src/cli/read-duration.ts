import { InvalidArgumentError } from 'commander';

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads `90`, `90s`, `10m`, `2h` or `1d` as whole seconds, from 0 to a week. */
export function readDuration(text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,7})([smhd])?$/.exec(text) ?? [];
  const seconds = Number(digits) * (unitSeconds[unit] ?? NaN);
  if (seconds <= 604_800) return seconds;
  throw new InvalidArgumentError('Expected a time from 0 to 7d, like 90s, 10m or 2h.');
}
