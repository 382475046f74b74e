/**
 * Alert rules whose times are short enough to be waited for. Everything else stays as it is deployed:
 * - each `for` and each window (`[10m]`) lasts two seconds a minute, so windows stay as long in
 *   proportion, and a process that is scraped every second has as many samples in them as one that is
 *   scraped every 30 s;
 * - an age in seconds that is compared with (`..._seconds) > 30`) is a third: a healthy watch is heard of
 *   within 35 s, which no shorter limit would leave alone.
 */
import { parse } from 'yaml';

/** Milliseconds that stand for each unit. */
const standInMs: Record<string, number> = { s: 1_000 / 30, m: 2_000, h: 120_000 };

/** An age of 150 s becomes 50 s, one of 30 s 10 s. */
const ageDivisor = 3;

/** A rule, as far as it is looked into. */
interface Rule {
  alert: string;
  expr: string;
  for?: string;
}

/** The rules of a file, shortened, as JSON. Raises for a time that it does not know how to read. */
export function shortenRules(text: string): string {
  const file = parse(text) as { groups: { rules: Rule[] }[] };
  for (const { rules } of file.groups) {
    for (const rule of rules) {
      rule.expr = shortenExpression(rule.expr);
      if (rule.for !== undefined) rule.for = shortenTime(rule.for);
    }
  }
  return JSON.stringify(file);
}

function shortenExpression(expr: string): string {
  return expr
    .replaceAll(/\[([^\]]*)\]/g, (_window, time: string) => `[${shortenTime(time)}]`)
    .replaceAll(
      /(_seconds\)) > (\d+)\b/g,
      (_age, metric: string, seconds: string) => `${metric} > ${Number(seconds) / ageDivisor}`,
    );
}

function shortenTime(time: string): string {
  const [, count = '', unit = ''] = /^(\d+)([smh])$/.exec(time) ?? [];
  const ms = standInMs[unit];
  if (ms === undefined) throw new Error(`Expected a time like 10m, got ${time}`);
  return `${Math.round(Number(count) * ms)}ms`;
}
