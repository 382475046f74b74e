/**
 * Each alert fires when its trouble is brought about on real servers, with the rules as they are deployed
 * but for their times (test/deploy/shorten-rules.ts); and the dashboard shows it. Only beside the real
 * control plane, whose preparation builds Prometheus.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { freePort } from '../../dev/free-port.ts';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { shortenRules } from '../deploy/shorten-rules.ts';
import { shownTroubles, type ShownTrouble } from '../deploy/shown-troubles.ts';
import { stageTroubles } from '../ui/stage-troubles.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { colocated } from './pod-templates.ts';
import * as stage from './stage-alerts.ts';
import { startPrometheus, type Prometheus } from './start-prometheus.ts';
import { untilOffered } from './until-offered.ts';

const deploy = join(import.meta.dirname, '../../deploy');

/** From the trouble to the alert: the longest `for` is 60 s, and a busy machine stages slowly. */
const firesWithinMs = 100_000;

/** An alert of a pool, or of none. */
interface Wanted {
  alert: string;
  pool?: string;
}

/** What is not one of the eight troubles. */
const others: Wanted[] = [
  { alert: 'PilotlightMissRatio', pool: 'misses' },
  { alert: 'PilotlightLeasesExpireInMass', pool: 'forgotten' },
  { alert: 'PilotlightClaimsLost', pool: 'lost' },
  { alert: 'PilotlightClaimsSlow' },
  { alert: 'PilotlightWorkflowTaskStuck' },
];

if (process.env['PILOTLIGHT_CLUSTER'] === 'control-plane') {
  describe('alerts, each with its trouble', function () {
    this.timeout(240_000);
    let environment: Environment;
    let folder: string;
    let worker: ManagedProcess;
    let api: ApiReplica;
    let slow: ApiReplica;
    let proxy: FaultProxy;
    let prometheus: Prometheus;
    const undo: (() => Promise<unknown>)[] = [];

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'pilotlight-alerts-'));
      undo.push(() => rm(folder, { recursive: true }));
      const rules = await readFile(join(deploy, 'alerts/pilotlight.yaml'), 'utf8');
      await writeFile(join(folder, 'short.yaml'), shortenRules(rules));
      environment = await startEnvironment({ nodeDelaySeconds: 1 });
      undo.push(() => environment.stop());
      proxy = await startFaultProxy(environment.cluster.kubeconfigPath);
      undo.push(() => proxy.stop());
      const healthPort = await freePort();
      [worker, api, slow] = await Promise.all([
        environment.startWorker('worker', { healthPort }),
        environment.startApi('api'),
        environment.startApi('slow', proxy),
      ]);
      // Full before anybody looks: a pool that fills is below its target for a moment.
      for (const pool of ['well', 'silenced']) {
        await environment.createPool({ pool, warmTarget: 1, template: colocated() });
        for (const replica of [api, slow]) await untilOffered({ api: replica, pool, count: 1 });
      }
      const replicas = [api, slow].map(({ url }) => url.replace('http://', ''));
      const targets = [`127.0.0.1:${healthPort}`, ...replicas];
      prometheus = await startPrometheus({ folder, ruleFiles: ['short.yaml'], targets });
      undo.push(() => prometheus.stop());
    });
    after(async () => {
      for (const step of undo.toReversed()) await step();
    });

    /** Every alert that has fired so far, with its labels. */
    const fired = async (): Promise<Record<string, string>[]> => {
      const { data } = await prometheus.query(
        'max_over_time(ALERTS{alertstate="firing"}[10m]) == 1',
      );
      return data.result.map(({ metric }) => metric);
    };

    const untilFired = async (wanted: Wanted[]): Promise<void> => {
      await until({
        what: 'the last alert',
        timeoutMs: firesWithinMs,
        everyMs: 500,
        ask: async () => {
          const all = await fired();
          return wanted.filter(
            ({ alert, pool }) =>
              !all.some(
                (one) => one['alertname'] === alert && (pool ?? one['pool']) === one['pool'],
              ),
          );
        },
        holds: (missing) => missing.length === 0,
      });
    };

    /** Waits until the dashboard shows a trouble on the panel that the page names. */
    const untilShown = async (trouble: ShownTrouble): Promise<void> => {
      const { pool, panel, labels, isTrouble } = trouble;
      const text = await readFile(join(deploy, 'dashboards/pilotlight.json'), 'utf8');
      const { panels } = JSON.parse(text) as {
        panels: { title: string; targets: { expr: string }[] }[];
      };
      const targets = panels.find(({ title }) => title === panel)?.targets ?? [];
      await until({
        what: `${trouble.heading} on the panel ${panel}`,
        timeoutMs: 20_000,
        ask: async () => {
          const answers = await Promise.all(
            targets.map(({ expr }) =>
              prometheus.query(
                expr.replaceAll('$pool', pool || '.*').replaceAll('$__rate_interval', '1m'),
              ),
            ),
          );
          return answers.flatMap(({ data }) => data.result);
        },
        holds: (series) =>
          series.some(
            ({ metric, value: [, value] }) =>
              isTrouble(Number(value)) &&
              Object.entries(labels).every(([name, text]) => metric[name] === text),
          ),
      });
    };

    const ofPools = shownTroubles.filter(({ pool }) => pool !== '');
    const ofServers = shownTroubles.filter(({ pool }) => pool === '');
    const alertsOf = (troubles: ShownTrouble[]): Wanted[] =>
      troubles.flatMap(({ pool, alerts }) =>
        alerts.map((alert) => {
          if (alert === 'PilotlightSpawnsFail') return { alert, pool: stage.failingPool };
          return pool === '' ? { alert } : { alert, pool };
        }),
      );

    it('are silent while all is well', async () => {
      await sleep(5_000);
      assert.deepEqual(await fired(), []);
    });

    it('fire for pools in trouble, misses, lost claims, forgotten and slow ones, and stuck tasks', async () => {
      await Promise.all([
        stageTroubles(environment, api),
        stage.missInMass(environment, api),
        stage.forgetClaims(environment, api),
        stage.loseClaims(environment, api),
        stage.slowDownClaims({ environment, slow, proxy }),
        stage.failSpawns(environment),
        stage.blockWorkflowTasks(environment),
      ]);
      // A pause is told of after a minute, which the troubles of the servers use.
      await untilFired([...others, ...alertsOf(ofPools.filter(({ pool }) => pool !== 'paused'))]);
    });

    it('and the dashboard shows each pool in trouble on the panel that the page names', async () => {
      for (const trouble of ofPools) await untilShown(trouble);
    });

    it('fire when Temporal takes nothing and the API server is down, and for a forgotten pause', async () => {
      await stage.silenceTemporal(environment, 'silenced');
      await environment.cluster.apiServer?.kill();
      await untilFired([{ alert: 'PilotlightWatcherLags' }]);
      environment.temporal.process.signal('SIGCONT');
      const [down] = ofServers;
      assert.ok(down);
      await untilShown(down);
      await untilFired(alertsOf([down]));
      await untilFired(alertsOf(ofPools.filter(({ pool }) => pool === 'paused')));
    });

    it('fire when no worker runs', async () => {
      await worker.kill();
      const [, none] = ofServers;
      assert.ok(none);
      await untilFired(alertsOf([none]));
      await untilShown(none);
    });

    it('have all fired by now, and never for the pool that was well', async () => {
      const text = await readFile(join(deploy, 'alerts/pilotlight.yaml'), 'utf8');
      const { groups } = parse(text) as { groups: { rules: { alert: string }[] }[] };
      const all = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
      const seen = await fired();
      const names = new Set(seen.map((one) => one['alertname'] ?? ''));
      assert.deepEqual([...names].sort(), all.sort());
      assert.deepEqual(
        seen.filter((one) => one['pool'] === 'well'),
        [],
      );
    });
  });
}
