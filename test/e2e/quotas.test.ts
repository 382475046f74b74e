/** What the API server's admission refuses: by a quota, by a level of Pod Security, or for good. */
import assert from 'node:assert/strict';
import type { PoolStatus } from '../../src/pool/status.ts';
import { atOnce } from './at-once.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { runCli } from './run-cli.ts';

describe('what admission refuses', function () {
  this.timeout(240_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    await environment.startWorker('worker');
  });
  after(() => environment.stop());

  const untilStatus = (
    pool: string,
    what: string,
    holds: (status: PoolStatus) => boolean,
    timeoutMs = 60_000,
  ): Promise<PoolStatus> => until({ what, timeoutMs, ask: () => environment.status(pool), holds });

  /** Waits until the level, or its absence, is in force: a real server hears of it a moment later. */
  async function setLevel(level: 'baseline' | null): Promise<void> {
    await environment.connection.send({
      method: 'PATCH',
      path: '/api/v1/namespaces/default',
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } } },
    });
    const spec = { hostPID: true, containers: [{ name: 'c', image: 'i' }] };
    const body = { metadata: { name: 'probe' }, spec };
    const dryRun = { namespace: 'default', dryRun: 'All', body };
    await until({
      what: `the level ${level ?? 'privileged'} in force`,
      timeoutMs: 30_000,
      ask: () =>
        environment.core.createNamespacedPod(dryRun).then(
          () => 'taken',
          () => 'refused',
        ),
      holds: (answer) => answer === (level === null ? 'taken' : 'refused'),
    });
  }

  it('S17, S44 by a quota that one of three pools reaches is its alone to wait for, and charged to no template', async () => {
    const quotas = '/api/v1/namespaces/default/resourcequotas';
    const template = colocated();
    for (const pool of ['quota-a', 'quota-b']) {
      await environment.createPool({ pool, warmTarget: 2, template });
      await environment.untilWarm(pool, 2, 60_000);
    }
    await environment.connection.send({
      method: 'POST',
      path: quotas,
      body: { metadata: { name: 'pods' }, spec: { hard: { pods: '6' } } },
    });
    await until({
      what: 'a quota in force',
      timeoutMs: 30_000,
      ask: () => environment.connection.send({ method: 'GET', path: `${quotas}/pods` }),
      holds: (quota) =>
        (quota as { status?: { used?: { pods?: string } } }).status?.used?.pods === '4',
    });
    await environment.createPool({ pool: 'quota-c', warmTarget: 10, template });
    const { why, failures } = await untilStatus(
      'quota-c',
      'a refusal by quota',
      ({ phase, warm, quota }) => phase === 'Degraded' && warm === 2 && quota !== null,
    );
    assert.match(why, /The quota leaves no room for a pod: .*exceeded quota: pods/);
    assert.equal(failures.consecutive, 0);
    for (const pool of ['quota-a', 'quota-b']) {
      assert.equal((await environment.status(pool)).phase, 'Steady');
    }
    await environment.connection.send({ method: 'DELETE', path: `${quotas}/pods` });
    await environment.untilWarm('quota-c', 10, 120_000);
    assert.equal((await environment.created('quota-c')).length, 10);
    await checkInvariants({ environment, pools: ['quota-a', 'quota-b', 'quota-c'] });
  });

  async function byLevel(): Promise<void> {
    await setLevel('baseline');
    const template = colocated();
    const volumes = [{ name: 'data', hostPath: { path: '/data' } }];
    Object.assign(template.spec ?? {}, { volumes });
    await environment.createPool({ pool: 'poison', warmTarget: 3, template });
    const { why } = await untilStatus(
      'poison',
      'an open breaker',
      ({ failures }) => failures.breaker === 'open',
      90_000,
    );
    assert.match(why, /violates PodSecurity "baseline:latest": hostPath volumes \(volume "data"\)/);
    assert.equal((await environment.created('poison')).length, 0);
    await setLevel(null);
    await runCli({ environment, args: ['retry', 'poison'] });
    await untilStatus('poison', '3 warm pods', ({ warm }) => warm === 3, 90_000);
    await checkInvariants({ environment, pools: ['poison'] });
  }

  async function byMissingTemplate(): Promise<void> {
    const pool = 'missing';
    const namespace = 'default';
    await environment.createPool({ pool, warmTarget: 0, template: colocated() });
    await untilStatus(pool, 'an empty pool', ({ phase }) => phase === 'Steady');
    await environment.core.deleteNamespacedPodTemplate({
      namespace,
      name: `${pool}-e2e`,
    });
    await runCli({ environment, args: ['scale', pool, '3'] });
    const { why, failures } = await untilStatus(
      pool,
      'an open breaker',
      (status) => status.failures.breaker === 'open',
      90_000,
    );
    assert.match(why, /PodTemplate missing-e2e is missing: apply the pool again/);
    assert.equal(failures.consecutive, 3 + 2);
    assert.equal((await environment.created(pool)).length, 0);
    await checkInvariants({ environment, pools: [pool] });
  }

  describe('for as long as it is asked', () => {
    atOnce({
      'S50 by the level of its namespace is said with its message, tried ever more rarely, and made good once it is gone':
        byLevel,
      'S50 for good, as with a template that is missing, is said and tried ever more rarely':
        byMissingTemplate,
    });
  });
});
