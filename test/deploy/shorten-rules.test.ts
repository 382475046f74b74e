import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { shortenRules } from './shorten-rules.ts';

const deployed = readFileSync(
  new URL('../../deploy/alerts/pilotlight.yaml', import.meta.url),
  'utf8',
);

interface File {
  groups: { name: string; rules: { alert: string; expr: string; for?: string }[] }[];
}

const shortened = (expr: string, after = '10m'): { expr: string; for?: string } => {
  const file = { groups: [{ name: 'g', rules: [{ alert: 'A', expr, for: after }] }] };
  const [rule] = (parse(shortenRules(stringify(file))) as File).groups[0]!.rules;
  assert.ok(rule);
  return rule;
};

describe('shortened alert rules', () => {
  it('wait two seconds for each minute', () => {
    assert.equal(shortened('a > 1', '10m').for, '20000ms');
    assert.equal(shortened('a > 1', '1h').for, '120000ms');
    assert.equal(shortened('a > 1', '90s').for, '3000ms');
  });

  it('look back two seconds for each minute', () => {
    const { expr } = shortened('sum(rate(a_total[5m])) / sum(rate(b_total[15m])) > 0.1');
    assert.equal(expr, 'sum(rate(a_total[10000ms])) / sum(rate(b_total[30000ms])) > 0.1');
  });

  it('take a third of an age, and leave every other limit as it is', () => {
    assert.equal(shortened('max(a_age_seconds) > 150').expr, 'max(a_age_seconds) > 50');
    const quantile = 'histogram_quantile(0.99, rate(a_seconds_bucket[10m])) > 0.5';
    assert.equal(shortened(quantile).expr, quantile.replace('10m', '20000ms'));
    assert.equal(
      shortened('increase(a_total[10m]) >= 20').expr,
      'increase(a_total[20000ms]) >= 20',
    );
  });

  it('are refused when a time can not be read', () => {
    assert.throws(() => shortened('a', '1d'), /Expected a time like 10m, got 1d/);
    assert.throws(() => shortened('rate(a[5m:1m])'), /got 5m:1m/);
  });

  it('are those that are deployed but for their times', () => {
    const timeless = (text: string): string =>
      text.replaceAll(/\[\w+\]|(?<=_seconds\) > )\d+|(?<="for":")\w+/g, 'T');
    const short = shortenRules(deployed);
    assert.equal(timeless(short), timeless(JSON.stringify(parse(deployed))));
    const times = [...short.matchAll(/\[(\w+)\]|"for":"(\w+)"/g)].map(([, a, b]) => a ?? b ?? '');
    assert.ok(times.length > 20);
    assert.ok(times.every((time) => /^\d{4,5}ms$/.test(time) && parseInt(time) <= 60_000));
  });
});
