import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import {
  claimStateFolder,
  findSupervisor,
  readStatus,
  releaseStateFolder,
  writeStatus,
  type EnvironmentStatus,
} from '../../dev/state-folder.ts';

describe('a state folder', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-state-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('is kept by one process at a time', async () => {
    await claimStateFolder(folder);
    assert.equal(await findSupervisor(folder), process.pid);
    await assert.rejects(claimStateFolder(folder), /--state-dir.*keeps one; end it with/);
  });

  it('can be claimed again once it was given back', async () => {
    await claimStateFolder(folder);
    await releaseStateFolder(folder);
    assert.equal(await findSupervisor(folder), null);
    await claimStateFolder(folder);
    assert.equal(await findSupervisor(folder), process.pid);
  });

  it('is not kept by a process that merely got the number of its killed keeper', async () => {
    const record = JSON.stringify({ pid: process.ppid, startedAt: 'a boot ago' });
    await writeFile(join(folder, 'supervisor.pid'), record);
    assert.equal(await findSupervisor(folder), null);
    await claimStateFolder(folder);
    assert.equal(await findSupervisor(folder), process.pid);
  });

  it('goes to one of many that claim it at the same moment', async () => {
    const claims = Array.from({ length: 8 }, () => claimStateFolder(folder));
    const outcomes = await Promise.allSettled(claims);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('can be claimed after its keeper was killed', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const record = JSON.stringify({ pid, startedAt: 'a moment ago' });
    await writeFile(join(folder, 'supervisor.pid'), record);
    assert.equal(await findSupervisor(folder), null);
    await claimStateFolder(folder);
    assert.equal(await findSupervisor(folder), process.pid);
  });

  it('remembers where its servers answer', async () => {
    assert.equal(await readStatus(folder), null);
    const status: EnvironmentStatus = {
      temporal: { address: '127.0.0.1:7233', namespace: 'default', ui: null },
      kubernetes: { kind: 'simulated', kubeconfig: '/tmp/kubeconfig', namespace: 'default' },
      api: { url: null },
      processes: [{ name: 'worker', pid: null, restarts: 2 }],
    };
    await writeStatus(folder, status);
    assert.deepEqual(await readStatus(folder), { keeper: process.pid, status });
    await writeFile(join(folder, 'environment.json'), JSON.stringify(status));
    assert.deepEqual((await readStatus(folder))?.status, status, 'as version 0.1 wrote it');
  });
});
