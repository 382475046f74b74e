/**
 * Alerts and dashboard on a real Prometheus, which scrapes a worker and an API. Only beside the real
 * control plane, whose preparation builds Prometheus: promtool plays the series that make each alert
 * fire, minutes of them in a moment.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../dev/free-port.ts';
import { findPrometheus } from '../../dev/install/deploy-tools.ts';
import { silent } from '../../dev/report.ts';
import { runCommand } from '../../dev/run-command.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { startPrometheus, type Prometheus } from './start-prometheus.ts';

const deploy = join(import.meta.dirname, '../../deploy');

interface Panel {
  title: string;
  targets: { expr: string }[];
}

/**
 * Panels of what did not happen here: nobody stood in line, no pod failed or was retired, no claim was
 * lost, no workflow task failed.
 */
const quietPanels = ['Retirements by reason', 'Claims lost, races lost', 'Miss ratio'];

if (process.env['PILOTLIGHT_CLUSTER'] === 'control-plane') {
  describe('alerts and dashboard on a real Prometheus', function () {
    this.timeout(180_000);
    let environment: Environment;
    let folder: string;
    let prometheus: Prometheus | null = null;
    let api: ApiReplica;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'pilotlight-prometheus-'));
      await cp(join(deploy, 'alerts'), folder, { recursive: true });
      environment = await startEnvironment({ nodeDelaySeconds: 1 });
      const healthPort = await freePort();
      [, api] = await Promise.all([
        environment.startWorker('worker', { healthPort }),
        environment.startApi('api'),
      ]);
      const targets = [`127.0.0.1:${healthPort}`, api.url.replace('http://', '')];
      prometheus = await startPrometheus({ folder, ruleFiles: ['pilotlight.yaml'], targets });
    });
    after(async () => {
      await prometheus?.stop();
      await environment.stop();
      await rm(folder, { recursive: true });
    });

    const running = (): Prometheus => {
      assert.ok(prometheus);
      return prometheus;
    };
    const query: Prometheus['query'] = (expr) => running().query(expr);

    it('has alerts of which each fires when it should, and is quiet when it should not', async () => {
      const command = await findPrometheus('promtool', { report: silent });
      for (const args of [
        ['check', 'rules', '--lint-fatal', 'pilotlight.yaml'],
        ['test', 'rules', 'pilotlight.test.yaml'],
        ['check', 'config', 'prometheus.yaml'],
      ]) {
        assert.match(
          await runCommand({ command, args, cwd: folder, timeoutMs: 30_000 }),
          /SUCCESS/,
        );
      }
    });

    it('evaluates every query of the dashboard on what worker and API say of a pool', async () => {
      const pool = 'measured';
      await environment.createPool({ pool, warmTarget: 2, template: colocated() });
      await environment.untilWarm(pool, 2, 60_000);
      await until({
        what: 'the pool at the API',
        timeoutMs: 20_000,
        ask: () => api.client.pools(),
        holds: ([known]) => known?.warm === 2,
      });
      const claim = await api.client.claim(pool, { renews: false });
      await claim.release();
      await environment.untilWarm(pool, 2, 60_000);
      // A rate needs two samples, so these must have been scraped twice.
      await until({
        what: 'two scrapes of a claim',
        timeoutMs: 15_000,
        ask: () => query('count_over_time(pilotlight_claim_duration_seconds_count[1m]) >= 2'),
        holds: ({ data }) => data.result.length > 0,
      });
      const text = await readFile(join(deploy, 'dashboards/pilotlight.json'), 'utf8');
      const { panels } = JSON.parse(text) as { panels: Panel[] };
      const resultsOf = async ({ title, targets }: Panel): Promise<number> => {
        let results = 0;
        for (const { expr } of targets) {
          const plain = expr.replaceAll('$pool', '.*').replaceAll('$__rate_interval', '1m');
          const { status, error, data } = await query(plain);
          assert.equal(status, 'success', `${title}: ${error ?? ''}`);
          results += data.result.length;
        }
        return results;
      };
      for (const panel of panels) {
        const isQuiet = quietPanels.includes(panel.title);
        await until({
          what: `samples for panel ${panel.title}`,
          // The worker's are scraped when it has the time, a few seconds later than those of the API.
          timeoutMs: 15_000,
          ask: () => resultsOf(panel),
          holds: (results) => isQuiet || results > 0,
        });
      }
    });

    it('evaluates every rule without an error', async () => {
      const { data } = (await running().ask('/api/v1/rules')) as {
        data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
      };
      const rules = data.groups.flatMap((group) => group.rules);
      assert.ok(rules.length > 10);
      for (const { name, health, lastError } of rules)
        assert.equal(health, 'ok', lastError ?? name);
    });
  });
}
