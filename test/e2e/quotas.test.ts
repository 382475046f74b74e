/**
 * What the API server's admission refuses. Quotas and policies are the real control plane's, so on the
 * simulated cluster only the refusal of a create is played, by a template that is not there.
 */
import assert from 'node:assert/strict';
import type { PoolStatus } from '../../src/pool/status.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { runCli } from './run-cli.ts';

const isReal = process.env['PILOTLIGHT_CLUSTER'] === 'control-plane';

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
  const post = (path: string, body: object): Promise<unknown> =>
    environment.connection.send({ method: 'POST', path, body });

  if (isReal) {
    it('S44 by a quota that one of three pools reaches is its alone to wait for, and charged to no template', async () => {
      const quotas = '/api/v1/namespaces/default/resourcequotas';
      const template = colocated();
      for (const pool of ['quota-a', 'quota-b']) {
        await environment.createPool({ pool, warmTarget: 2, template });
        await environment.untilWarm(pool, 2, 60_000);
      }
      await post(quotas, { metadata: { name: 'pods' }, spec: { hard: { pods: '6' } } });
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

    it('S50 by a policy is said with its message, tried ever more rarely, and made good once it is gone', async () => {
      const group = '/apis/admissionregistration.k8s.io/v1';
      const name = 'no-poison';
      await post(`${group}/validatingadmissionpolicies`, {
        metadata: { name },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            resourceRules: [
              ...[
                {
                  apiGroups: [''],
                  apiVersions: ['v1'],
                  operations: ['CREATE'],
                  resources: ['pods'],
                },
              ],
            ],
          },
          validations: [
            { expression: "!('poison' in object.metadata.labels)", message: 'poison is forbidden' },
          ],
        },
      });
      await post(`${group}/validatingadmissionpolicybindings`, {
        metadata: { name },
        spec: { policyName: name, validationActions: ['Deny'] },
      });
      const { core } = environment.connection;
      await until({
        what: 'a policy in force',
        timeoutMs: 30_000,
        ask: async () => {
          const metadata = { name: 'probe', labels: { poison: 'yes' } };
          const spec = { containers: [{ name: 'c', image: 'i' }] };
          const body = { metadata, spec };
          return core.createNamespacedPod({ namespace: 'default', dryRun: 'All', body }).then(
            () => 'taken',
            () => 'refused',
          );
        },
        holds: (answer) => answer === 'refused',
      });
      const template = colocated();
      template.metadata = { labels: { poison: 'yes' } };
      await environment.createPool({ pool: 'poison', warmTarget: 3, template });
      const { why } = await untilStatus(
        'poison',
        'an open breaker',
        ({ failures }) => failures.breaker === 'open',
        90_000,
      );
      assert.match(why, /poison is forbidden/);
      assert.equal((await environment.created('poison')).length, 0);
      for (const plural of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies']) {
        await environment.connection.send({ method: 'DELETE', path: `${group}/${plural}/${name}` });
      }
      await runCli({ environment, args: ['retry', 'poison'] });
      await untilStatus('poison', '3 warm pods', ({ warm }) => warm === 3, 90_000);
      await checkInvariants({ environment, pools: ['poison'] });
    });
  }

  it('S50 for good, as with a template that is missing, is said and tried ever more rarely', async () => {
    const pool = 'missing';
    const namespace = 'default';
    await environment.createPool({ pool, warmTarget: 0, template: colocated() });
    await untilStatus(pool, 'an empty pool', ({ phase }) => phase === 'Steady');
    await environment.connection.core.deleteNamespacedPodTemplate({
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
  });
});
