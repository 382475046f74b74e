/**
 * The chart on the real control plane, which has RBAC and admission policies: its objects, and the packed
 * programs under the service accounts that it makes, as the user that the image has.
 */
import assert from 'node:assert/strict';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../../dev/free-port.ts';
import { ManagedProcess } from '../../dev/managed-process.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { PilotlightClient } from '../../src/client/pilotlight-client.ts';
import type { Program } from '../../src/kubernetes/permissions.ts';
import {
  containerOf,
  createObject,
  environmentOf,
  operatorKinds,
  renderChart,
  type ChartObject,
} from './chart-objects.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { packApp, type PackedApp } from './packed-app.ts';
import { colocated } from './pod-templates.ts';

/** Tokens of the API; a file of a Secret in a cluster. */
const adminToken = 'token-of-the-test';

const examples = ['self-hosted.yaml', 'temporal-cloud-mtls.yaml', 'temporal-cloud-api-key.yaml'];

if (process.env['PILOTLIGHT_CLUSTER'] === 'control-plane') {
  describe('the chart on a cluster', function () {
    this.timeout(240_000);

    let environment: Environment;
    let folder: string;
    let app: PackedApp;
    let objects: ChartObject[];
    let api: { url: string; process: ManagedProcess };
    const processes: ManagedProcess[] = [];

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'pilotlight-chart-'));
      await execa('chmod', ['755', folder]);
      [environment, app, objects] = await Promise.all([
        startEnvironment({ nodeDelaySeconds: 1 }),
        packApp(join(folder, 'app')),
        renderChart({ example: 'self-hosted.yaml' }),
      ]);
      for (const name of ['control', 'pools']) {
        await environment.core.createNamespace({ body: { metadata: { name } } });
      }
    });
    after(async () => {
      for (const process of processes.toReversed()) await process.stop();
      await environment.stop();
      await rm(folder, { recursive: true });
    });

    /** A kubeconfig of one of the chart's accounts, for the image's user alone. */
    const kubeconfigOf = async (program: Program): Promise<string> => {
      const path = `/api/v1/namespaces/control/serviceaccounts/pilotlight-${program}/token`;
      const body = { spec: { expirationSeconds: 3_600 } };
      const { status } = (await environment.connection.send({ method: 'POST', path, body })) as {
        status: { token: string };
      };
      const config = JSON.parse(await readFile(environment.cluster.kubeconfigPath, 'utf8')) as {
        clusters: { cluster: Record<string, string> }[];
        users: { user: object }[];
      };
      const [{ cluster } = { cluster: {} }] = config.clusters;
      const authority = await readFile(cluster['certificate-authority'] ?? '', 'base64');
      Reflect.deleteProperty(cluster, 'certificate-authority');
      cluster['certificate-authority-data'] = authority;
      for (const user of config.users) user.user = { token: status.token };
      return secretFile(`kubeconfig-${program}`, JSON.stringify(config));
    };
    const secretFile = async (name: string, text: string): Promise<string> => {
      const path = join(folder, name);
      await writeFile(path, text, { mode: 0o600 });
      if (process.getuid?.() === 0) await chown(path, 65_532, 65_532);
      return path;
    };
    /** What its Deployment says, but for addresses. */
    const start = async (program: Program, more: Record<string, string>): Promise<string> => {
      const port = String(await freePort());
      const url = `http://127.0.0.1:${port}`;
      const isReady = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).ok;
      const { args } = containerOf(objects, `pilotlight-${program}`);
      const started = new ManagedProcess({
        name: program,
        command: process.execPath,
        args: [...app.dropRoot, ...args.map((path) => join(app.folder, path))],
        env: {
          ...app.env,
          ...environmentOf(objects, `pilotlight-${program}`),
          TEMPORAL_ADDRESS: environment.temporal.address,
          KUBECONFIG: await kubeconfigOf(program),
          PILOTLIGHT_HEALTH_HOST: '127.0.0.1',
          PILOTLIGHT_API_HOST: '127.0.0.1',
          [program === 'api' ? 'PILOTLIGHT_API_PORT' : 'PILOTLIGHT_HEALTH_PORT']: port,
          ...more,
        },
        logFile: join(folder, 'log', `${program}.log`),
        ...{ restart: false, readyTimeoutMs: 90_000, isReady },
      });
      processes.push(started);
      await started.start();
      if (program === 'api') api = { url, process: started };
      return url;
    };
    const doctor = async (program: Program): Promise<Finding[]> => {
      const { stdout } = await execa(
        process.execPath,
        [join(app.folder, 'bin/pilotlight.js'), 'doctor', '--for', program, '-o', 'json'],
        {
          reject: false,
          env: {
            TEMPORAL_ADDRESS: environment.temporal.address,
            KUBECONFIG: join(folder, `kubeconfig-${program}`),
            PILOTLIGHT_API_URL: api.url,
            PILOTLIGHT_NAMESPACE: 'pools',
          },
        },
      );
      return JSON.parse(stdout) as Finding[];
    };
    const post = (path: string, body: object): Promise<unknown> =>
      environment.connection.send({ method: 'POST', path, body });

    it('has objects that the API server takes without a doubt, from each example', async () => {
      for (const example of examples) {
        const rendered = await renderChart({ example });
        for (const object of rendered) {
          if (operatorKinds.includes(object.kind)) continue;
          await createObject(environment.connection, object, { isDryRun: true });
        }
      }
      for (const object of objects) {
        if (!operatorKinds.includes(object.kind)) {
          await createObject(environment.connection, object);
        }
      }
    });

    it('runs both programs with no more rights than it gives, as an unprivileged user', async () => {
      const tokens = JSON.stringify([{ name: 'test', token: adminToken, role: 'admin' }]);
      const PILOTLIGHT_TOKENS_FILE = await secretFile('tokens.yaml', tokens);
      const [workerUrl] = await Promise.all([
        start('worker', {}),
        start('api', { PILOTLIGHT_TOKENS_FILE }),
      ]);
      for (const { pid } of processes) {
        const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
        const [, uid = ''] = /^Uid:\s+(\d+)/m.exec(status) ?? [];
        assert.notEqual(uid, '0');
      }
      const client = new PilotlightClient({ url: api.url, token: adminToken });
      const answer = await fetch(`${api.url}/v1/pools/charted`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ apiVersion: 'pilotlight.dev/v1alpha1', kind: 'WarmPool' },
          metadata: { name: 'charted', namespace: 'pools' },
          spec: { warmTarget: 2, maxPods: 10, template: colocated() },
        }),
      });
      assert.ok(answer.ok, await answer.text());
      await until({
        what: 'two warm pods',
        timeoutMs: 60_000,
        ask: () => client.pools(),
        holds: ([pool]) => pool?.warm === 2,
      });
      const claim = await client.claim('charted', { claimId: 'by-chart', renews: false });
      assert.equal(claim.hit, true);
      await client.renew('by-chart');
      await client.release('by-chart');
      await until({
        what: 'a pod in place of the released one',
        timeoutMs: 60_000,
        ask: () => client.pools(),
        holds: ([pool]) => pool?.warm === 2 && pool.claimed === 0,
      });
      const worker = await (await fetch(`${workerUrl}/metrics`)).text();
      assert.match(worker, /^pilotlight_spawns_total\{.*outcome="ready".*\} 3$/m);
      assert.match(worker, /^pilotlight_pod_start_duration_seconds_count\{.*phase="ready"\} 3$/m);
      assert.match(worker, /^temporal_/m);
      const log = await readFile(join(folder, 'log/worker.log'), 'utf8');
      assert.doesNotMatch(log, /bundle is not kept|nodes are not watched|were not swept/);
    });

    it('is well by doctor, asked by each account for what it needs', async () => {
      for (const program of ['worker', 'api'] as const) {
        const findings = await until({
          what: `a well ${program}`,
          timeoutMs: 30_000,
          ask: () => doctor(program),
          // No warning either: what a worker or the API needs to serve well, the chart gives it.
          holds: (found) => found.every(({ state }) => state === 'ok'),
        });
        const rights = findings.find(({ name }) => name === `rights of the ${program}`);
        assert.equal(rights?.text, 'all granted');
      }
    });

    it('lets nobody else write our keys, and everybody what is theirs', async () => {
      const metadata = { name: 'forged', labels: { 'pilotlight.dev/pool': 'charted' } };
      const pods = '/api/v1/namespaces/pools/pods';
      const forge = async (): Promise<string> => {
        try {
          await post(pods, { metadata, spec: colocated().spec });
          await environment.connection.send({ method: 'DELETE', path: `${pods}/forged` });
          return 'taken';
        } catch (error) {
          return String(error);
        }
      };
      await until({
        what: 'a refusal',
        timeoutMs: 20_000,
        ask: forge,
        holds: (answer) => answer.includes('label keys under pilotlight.dev/ are written by'),
      });
      const [pod] = (await environment.core.listNamespacedPod({ namespace: 'pools' })).items;
      const patch = (body: object): Promise<unknown> =>
        environment.connection.send({
          ...{ method: 'PATCH', path: `${pods}/${pod?.metadata?.name ?? ''}`, body },
          contentType: 'application/merge-patch+json',
        });
      const key = 'pilotlight.dev/state';
      const words = /keys under pilotlight\.dev\/ are written by Pilotlight alone/;
      await assert.rejects(patch({ metadata: { labels: { [key]: 'claimed' } } }), words);
      await assert.rejects(patch({ metadata: { labels: { [key]: null } } }), words);
      await assert.rejects(
        patch({ metadata: { annotations: { 'pilotlight.dev/holder': 'me' } } }),
        words,
      );
      await patch({ metadata: { labels: { team: 'ours' } } });
    });
  });
}
