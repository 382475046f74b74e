/** Setting servers up and looking at them, by the real command line. */
import assert from 'node:assert/strict';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { searchAttributeTypes } from '../../src/workflows/messages.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { runCli } from './run-cli.ts';

describe('setup and doctor', function () {
  this.timeout(180_000);
  let environment: Environment;
  let api: ApiReplica;
  let worker: ManagedProcess;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 1 });
    [worker, api] = await Promise.all([
      environment.startWorker('worker'),
      environment.startApi('api'),
    ]);
  });
  after(() => environment.stop());

  const run = (...args: string[]) =>
    runCli({ environment, args, env: { PILOTLIGHT_API_URL: api.url } });
  const findings = async (): Promise<Finding[]> =>
    JSON.parse((await run('doctor', '-o', 'json')).stdout) as Finding[];
  const isFine = ({ state }: Finding): boolean => state === 'ok';

  it('sets up what is missing, says so, and changes nothing the second time', async () => {
    const first = await run('setup', '-n', 'pools');
    assert.equal(first.exitCode, 0, first.stdout);
    assert.match(first.stdout, /^OK +namespace +created pools$/m);
    const second = await run('setup', '-n', 'pools');
    assert.match(second.stdout, /^OK +search attributes +were registered already$/m);
    assert.match(second.stdout, /^OK +namespace +pools was there$/m);
    const { customAttributes } =
      await environment.client.connection.operatorService.listSearchAttributes({
        namespace: 'default',
      });
    for (const name of Object.keys(searchAttributeTypes)) assert.ok(name in customAttributes);
  });

  it('finds all well, but for the policy that nobody asked for', async () => {
    await environment.createPool({ pool: 'healthy', warmTarget: 1, template: colocated() });
    await environment.untilWarm('healthy', 1, 60_000);
    const seen = await until({
      what: 'a watcher that beats',
      timeoutMs: 30_000,
      ask: findings,
      holds: (all) => all.every((one) => isFine(one) || one.state === 'warn'),
    });
    const warned = seen.filter((one) => !isFine(one)).map(({ name }) => name);
    assert.deepEqual(warned, ['admission policy']);
    const { exitCode, stdout } = await run('doctor');
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^OK +pods without a pool +none$/m);
  });

  it('names the pods of a pool that does not run, and a worker that has gone', async () => {
    await environment.client.workflow.getHandle('pool-healthy').terminate('for the test');
    await Promise.all([worker.stop(), api.process.stop()]);
    const { exitCode, stdout } = await run('doctor');
    assert.equal(exitCode, 1);
    assert.match(stdout, /^WARN +pods without a pool +healthy-0; apply their pools again/m);
    assert.match(stdout, /^FAIL +API +http\S+ does not answer .*PILOTLIGHT_API_URL$/m);
  });
});
