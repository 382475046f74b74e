/** Alerts, their pages and the dashboard, without a Prometheus; test/e2e has real ones. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ApiMetrics } from '../../src/metrics/api-metrics.ts';
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts';
import { exportedBy } from '../metrics/scrape-of.ts';
import { shownTroubles } from './shown-troubles.ts';

const root = join(import.meta.dirname, '../..');

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const rules = (
  parse(read('deploy/alerts/pilotlight.yaml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const tests = (
  parse(read('deploy/alerts/pilotlight.test.yaml')) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  }
).tests.flatMap((test) => test.alert_rule_test);
const dashboard = JSON.parse(read('deploy/dashboards/pilotlight.json')) as {
  panels: { id: number; title: string; targets: { expr: string }[] }[];
};

/** What Temporal's SDK exports. */
const others = [/^temporal_workflow_task_execution_(failed_total|latency_seconds_count)$/];

describe('each alert', () => {
  it('has a page that says what to do, and each page an alert', () => {
    const pages = readdirSync(join(root, 'docs/runbooks')).sort();
    assert.deepEqual(pages, rules.map(({ alert }) => `${alert}.md`).sort());
    for (const { alert, annotations, labels } of rules) {
      assert.equal(annotations.runbook, `docs/runbooks/${alert}.md`);
      assert.match(read(annotations.runbook), new RegExp(`^# ${alert}\n[^]*\n## What to do\n`));
      assert.ok(['warning', 'critical'].includes(labels.severity));
      assert.ok(annotations.summary.length > 20);
    }
  });

  it('is made to fire by a test of promtool', () => {
    for (const { alert } of rules) {
      const fires = tests.some(
        ({ alertname, exp_alerts }) => alertname === alert && exp_alerts.length > 0,
      );
      assert.ok(fires, alert);
    }
  });
});

describe('each of the eight troubles', () => {
  const rows = read('docs/operations/troubles.md').match(/^\| \[.*\]\(#.*\) \|.*\|$/gm) ?? [];
  const withAlerts = rows.filter((row) => row.includes('Pilotlight'));

  it('has a row that names its alerts and its panel, in the order of the page', () => {
    assert.equal(withAlerts.length, shownTroubles.length);
    for (const [index, { heading, alerts, panel }] of shownTroubles.entries()) {
      const anchor = heading.toLowerCase().replaceAll(' ', '-');
      const [, target, told = '', shown = ''] =
        /^\| \[.*\]\(#(.*)\) \| (.*) \| (.*) \|$/.exec(withAlerts[index] ?? '') ?? [];
      assert.equal(target, anchor);
      assert.deepEqual(
        [...told.matchAll(/\[(\w+)\]\(\.\.\/runbooks\/\1\.md\)/g)].map(([, name]) => name),
        alerts,
      );
      assert.ok(shown.startsWith(`**${panel}**`), shown);
    }
  });

  it('has alerts and a panel that are deployed', () => {
    for (const { alerts, panel } of shownTroubles) {
      assert.ok(alerts.length > 0);
      for (const alert of alerts)
        assert.ok(
          rules.some((rule) => rule.alert === alert),
          alert,
        );
      assert.ok(
        dashboard.panels.some(({ title }) => title === panel),
        panel,
      );
    }
  });
});

describe('alerts and dashboard', () => {
  it('ask only for metrics that are exported', async () => {
    const api = new ApiMetrics();
    api.addPoolGauges(() => []);
    api.addWatches({});
    const exported = await exportedBy(api, new WorkerMetrics());
    const queries = [
      ...rules.map(({ expr }) => expr),
      ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ];
    const asked = queries.flatMap(
      (query) => query.match(/\b(pilotlight|temporal|process)_\w+/g) ?? [],
    );
    assert.ok(asked.length > 40);
    for (const name of asked) {
      const family = name.replace(/_(bucket|count|sum)$/, '');
      const isKnown =
        exported.has(name) || exported.has(family) || others.some((other) => other.test(name));
      assert.ok(isKnown, name);
    }
  });

  it('have panels with ids and titles of their own', () => {
    const { panels } = dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
  });
});
