import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { identify } from '../../dev/process-identity.ts';
import type { EnvironmentStatus } from '../../dev/state-folder.ts';
import { connectToCluster } from '../../src/kubernetes/connection.ts';
import { until } from './environment.ts';

const checkout = join(import.meta.dirname, '../..');
const cluster = process.env['PILOTLIGHT_CLUSTER'] ?? 'simulated';

/** A cold start on a busy machine; warm it is 10 s on the control plane. */
const upTimeoutMs = 120_000;

describe('temporal-dev.sh', function () {
  this.timeout(2 * upTimeoutMs);
  let stateDir: string;

  before(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'pilotlight-temporal-dev-'));
  });
  after(async () => {
    await run('stop').catch(() => undefined);
    await rm(stateDir, { recursive: true, force: true });
  });

  const run = async (...args: string[]): Promise<string> => {
    const script = join(checkout, 'temporal-dev.sh');
    const { stdout } = await execa(script, [...args, '--state-dir', stateDir]);
    return stdout;
  };
  const up = (): Promise<string> =>
    run('up', '--detach', '--headless', '--cluster', cluster, '--node-delay', '5s');
  const readStatus = async (): Promise<EnvironmentStatus> =>
    JSON.parse(await run('status', '-o', 'json')) as EnvironmentStatus;
  const podUids = async ({ kubernetes }: EnvironmentStatus): Promise<string[]> => {
    const connection = await connectToCluster({ kubeconfigPath: kubernetes.kubeconfig });
    try {
      const core = await connection.typed();
      const { items } = await core.listNamespacedPod({ namespace: 'default' });
      return items.flatMap(({ metadata }) => metadata?.uid ?? []).sort();
    } finally {
      await connection.close();
    }
  };

  // A keeper killed with -9 left its servers behind, and the next `up` took them for its own: two
  // workers of two starts, and nothing that `stop` would have ended.
  it('ends what outlived a keeper that was killed with -9, and goes on with the same pods (P12)', async () => {
    await up();
    const before = await readStatus();
    const uids = await until({
      what: '14 pods of the examples',
      timeoutMs: 60_000,
      ask: () => podUids(before),
      holds: ({ length }) => length === 14,
    });
    process.kill(await keeperPid(), 'SIGKILL');
    await assert.rejects(readStatus(), /was killed, and .*temporal.* outlived it; end them with/);
    await up();
    const after = await readStatus();
    const oldPids = before.processes.map(({ pid }) => pid);
    assert.deepEqual(oldPids.filter(runs), []);
    assert.deepEqual(
      after.processes.map(({ name }) => name),
      before.processes.map(({ name }) => name),
    );
    assert.deepEqual(after.temporal, before.temporal);
    assert.deepEqual(await podUids(after), uids);
  });

  it('starts each process that dies again after a second, and counts it', async () => {
    const { processes } = await readStatus();
    for (const { pid } of processes) {
      assert.ok(pid);
      process.kill(pid, 'SIGKILL');
    }
    await until({
      what: 'a restart of each process',
      timeoutMs: 10_000,
      ask: readStatus,
      holds: (now) => now.processes.every(({ pid, restarts }) => pid !== null && restarts >= 1),
    });
  });

  it('stops what outlived a killed keeper, and then has nothing to stop', async () => {
    const { processes } = await readStatus();
    process.kill(await keeperPid(), 'SIGKILL');
    assert.match(await run('stop'), /Stopped .*worker.*, whose keeper had been killed/);
    assert.deepEqual(processes.map(({ pid }) => pid).filter(runs), []);
    await assert.rejects(run('stop'), /No environment runs in --state-dir/);
  });

  async function keeperPid(): Promise<number> {
    const record = await readFile(join(stateDir, 'supervisor.pid'), 'utf8');
    return (JSON.parse(record) as { pid: number }).pid;
  }
});

/** Not by a signal 0, which also reaches one that has ended and was not awaited by its new parent. */
function runs(pid: number | null): boolean {
  return pid !== null && identify(pid) !== null;
}
