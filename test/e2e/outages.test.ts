import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { freePort } from '../../dev/free-port.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { exclusive } from './pod-templates.ts';
import { runCli } from './run-cli.ts';

/** From a server's return to the last node and pod: back-offs of 10 s, then the nodes' delay. */
const fillTimeoutMs = 120_000;

describe('a fill whose servers go away', function () {
  this.timeout(fillTimeoutMs + 120_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
    await environment.startWorker('worker');
  });
  after(() => environment.stop());

  const outages = [
    { what: 'Temporal, killed with -9 and away for 10 s', pool: 'temporal', seconds: 10 },
    { what: 'the API server, killed with -9 and away for 10 s', pool: 'api', seconds: 10 },
    { what: 'both, killed with -9 and away for 30 s', pool: 'both', seconds: 30 },
  ];
  for (const { what, pool, seconds } of outages) {
    it(`goes on after ${what}: same pods, none charged (P1, P5)`, async () => {
      const { temporal, cluster } = environment;
      assert.ok(cluster.apiServer);
      const killed = [
        ...(pool === 'api' ? [] : [temporal.process]),
        ...(pool === 'temporal' ? [] : [cluster.apiServer]),
      ];
      await environment.createPool({ pool, warmTarget: 3, template: exclusive() });
      const first = await environment.untilCreated(pool, 3);
      await Promise.all(killed.map((server) => server.kill()));
      await sleep(seconds * 1000);
      await Promise.all(killed.map((server) => server.start()));
      await environment.untilWarm(pool, 3, fillTimeoutMs);
      assert.deepEqual(await environment.created(pool), first);
      assert.equal((await environment.status(pool)).failures.consecutive, 0);
      await checkInvariants({ environment, pools: [pool] });
    });
  }
});

describe('a worker that starts before its servers', function () {
  this.timeout(180_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 1 });
  });
  after(() => environment.stop());

  // A cluster came back from a power cut: workers ended at the first refused connection, and their
  // keeper's back-off brought them back up to five minutes after the servers.
  it('waits for both, and then fills (P12)', async () => {
    const { temporal, cluster } = environment;
    const servers = [cluster.apiServer, temporal.process];
    for (const server of servers) await server?.kill();
    const early = environment.startWorker('early');
    for (const server of servers) {
      await sleep(6_000);
      await server?.start();
    }
    await early;
    await environment.createPool({ pool: 'after', warmTarget: 1, template: exclusive() });
    await environment.untilWarm('after', 1, fillTimeoutMs);
    await checkInvariants({ environment, pools: ['after'] });
  });

  it('ends within two seconds when it is told to while it waits', async () => {
    const { temporal, cluster } = environment;
    await temporal.process.kill();
    const exits = await Promise.all(
      (['SIGTERM', 'SIGINT'] as const).map(async (signal) => {
        const worker = execa(process.execPath, ['src/workers/main.ts'], {
          env: {
            TEMPORAL_ADDRESS: temporal.address,
            KUBECONFIG: cluster.kubeconfigPath,
            PILOTLIGHT_HEALTH_PORT: String(await freePort()),
          },
          reject: false,
          timeout: 60_000,
        });
        for await (const text of worker.stdout.iterator({ destroyOnReturn: false })) {
          if (String(text).includes('waits for Temporal')) break;
        }
        worker.stdout.resume();
        const toldAtMs = Date.now();
        worker.kill(signal);
        const { exitCode } = await worker;
        return { exitCode, isInTime: Date.now() - toldAtMs < 2_000 };
      }),
    );
    assert.deepEqual(exits, Array(2).fill({ exitCode: 0, isInTime: true }));
    await temporal.process.start();
  });
});

describe('pools whose Temporal has lost its data', function () {
  this.timeout(180_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
    await environment.startWorker('worker');
  });
  after(() => environment.stop());

  const document = `
apiVersion: pilotlight.dev/v1alpha1
kind: WarmPool
metadata: { name: taken-in }
spec:
  warmTarget: 3
  maxPods: 10
  template:
    spec:
      nodeSelector: { pilotlight.example/nodes: shared }
      terminationGracePeriodSeconds: 1
      containers: [{ name: main, image: 'example/worker:1' }]
`;

  async function apply(): Promise<void> {
    const applied = await runCli({ environment, args: ['apply', '-f', '-'], input: document });
    assert.equal(applied.exitCode, 0, applied.stderr);
    assert.match(applied.stdout, /taken-in.*created/);
  }

  it('take in what is there when they are applied again, and ordinals go on (P1, P12)', async () => {
    const pool = 'taken-in';
    await apply();
    await environment.untilWarm(pool, 3, 30_000);
    const first = await environment.created(pool);
    await environment.loseTemporalData();
    await apply();
    await environment.untilWarm(pool, 3, 60_000);
    assert.deepEqual(await environment.created(pool), first);

    const scaled = await runCli({ environment, args: ['scale', pool, '4'] });
    assert.equal(scaled.exitCode, 0, scaled.stderr);
    await environment.untilWarm(pool, 4, 30_000);
    const names = environment.recorder.of(pool).map(({ name }) => name);
    assert.deepEqual(names.sort(), ['taken-in-0', 'taken-in-1', 'taken-in-2', 'taken-in-3']);

    // The workflow that watches the pods was lost too: without a new one nobody tells the pool.
    const { core } = environment;
    await core.deleteNamespacedPod({ namespace: 'default', name: 'taken-in-1' });
    await until({
      what: 'a replacement',
      timeoutMs: 50_000,
      ask: () => environment.status(pool),
      holds: ({ warm, pods }) => warm === 4 && pods.some(({ name }) => name === 'taken-in-4'),
    });
    await checkInvariants({ environment, pools: [pool] });
  });
});
