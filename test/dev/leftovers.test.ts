import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endLeftovers, findLeftovers, forgetProcess, recordProcess } from '../../dev/leftovers.ts';
import { ManagedProcess } from '../../dev/managed-process.ts';
import { identify, isAlive, parseIdentity } from '../../dev/process-identity.ts';

describe('what outlived its keeper', () => {
  let stateDir: string;
  let children: ChildProcess[];

  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'pilotlight-leftovers-'));
    for (const part of ['.', 'temporal', 'cluster']) {
      await mkdir(join(stateDir, part, 'log'), { recursive: true });
    }
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(stateDir, { recursive: true });
  });

  /** A process that runs until it is ended. */
  function sleeper(script = 'setInterval(() => {}, 1000)'): number {
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    children.push(child);
    assert.ok(child.pid);
    return child.pid;
  }

  it('is found by its record and ended, also when it is stopped by SIGSTOP', async () => {
    const [temporal, etcd] = [sleeper(), sleeper()];
    recordProcess(join(stateDir, 'temporal/log/temporal.pid'), temporal);
    recordProcess(join(stateDir, 'cluster/log/etcd.pid'), etcd);
    process.kill(etcd, 'SIGSTOP');
    const names = findLeftovers(stateDir).map(({ name }) => name);
    assert.deepEqual(names, ['temporal', 'etcd']);
    assert.deepEqual(await endLeftovers(stateDir), ['temporal', 'etcd']);
    assert.equal(identify(temporal), null);
    assert.equal(identify(etcd), null);
    assert.deepEqual(findLeftovers(stateDir), []);
  });

  // A number on record may by now be a process of the user's own.
  it('is no process that has the number but started at another moment', async () => {
    const pid = sleeper();
    const record = JSON.stringify({ pid, startedAt: 'a boot ago' });
    await writeFile(join(stateDir, 'log/worker.pid'), record);
    assert.deepEqual(await endLeftovers(stateDir), []);
    assert.notEqual(identify(pid), null);
  });

  it('is none of what is not on record, or whose record is half written', async () => {
    const pid = sleeper();
    recordProcess(join(stateDir, 'log/worker.pid'), pid);
    forgetProcess(join(stateDir, 'log/worker.pid'));
    await writeFile(join(stateDir, 'log/half.pid'), `{"pid":${pid},"star`);
    assert.deepEqual(findLeftovers(stateDir), []);
  });

  it('is put on record by a managed process for as long as it runs', async () => {
    const log = join(stateDir, 'log');
    const managed = new ManagedProcess({
      ...{ name: 'worker', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] },
      ...{ logFile: join(log, 'worker.log'), restart: true },
    });
    await managed.start();
    assert.deepEqual(
      findLeftovers(stateDir).map(({ identity }) => identity.pid),
      [managed.pid],
    );
    await managed.stop();
    assert.deepEqual(await readdir(log), ['worker.log']);
  });
});

describe('the identity of a process', () => {
  it('is the same while it lives, and another for another process', () => {
    const own = identify(process.pid);
    assert.ok(own);
    assert.deepEqual(identify(process.pid), own);
    assert.equal(isAlive(own), true);
    // The first process of all: a parent may have started within the same hundredth of a second.
    assert.notEqual(identify(1)?.startedAt, own.startedAt);
  });

  it('is that of no process once it has ended, even before its parent looks', async () => {
    // The shell becomes a sleep, which does not await the child that has ended: a zombie.
    const script = 'sh -c "exit 0" & echo $!; exec sleep 30';
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    for (let tries = 0; identify(pid) !== null && tries < 200; tries += 1) await sleep(10);
    assert.equal(identify(pid), null);
    parent.kill('SIGKILL');
  });

  for (const text of ['', '42', 'null', '{}', '{"pid":1,"startedAt":"x"}', '{"pid":7}']) {
    it(`is not read from ${JSON.stringify(text)}`, () => {
      assert.equal(parseIdentity(text), null);
    });
  }
});
