import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ManagedProcess } from '../../dev/managed-process.ts';

/** A process that says that it runs and then waits to be ended. */
const waits = 'console.log("up"); setInterval(() => {}, 1000)';

describe('a managed process', () => {
  let folder: string;
  let running: ManagedProcess[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-process-'));
    running = [];
  });

  afterEach(async () => {
    for (const each of running) await each.stop();
    await rm(folder, { recursive: true });
  });

  const logFile = (): string => join(folder, 'log', 'it.log');

  function managed(script: string, options: { restart: boolean; readyTimeoutMs?: number }) {
    const made = new ManagedProcess({
      ...{ name: 'it', command: process.execPath, args: ['-e', script], logFile: logFile() },
      isReady: async () => (await readFile(logFile(), 'utf8')).includes('up'),
      ...options,
    });
    running.push(made);
    return made;
  }

  it('is ready once it says so, with its output in the log', async () => {
    const it = managed(waits, { restart: false });
    await it.start();
    assert.equal(isAlive(it.pid), true);
    assert.match(await readFile(logFile(), 'utf8'), /^up$/m);
  });

  it('is started again about a second after it was killed', async () => {
    const it = managed(waits, { restart: true });
    await it.start();
    const first = it.pid;
    it.signal('SIGKILL');
    await until(() => it.restarts === 1 && it.pid !== null);
    assert.notEqual(it.pid, first);
  });

  it('stays dead when it was stopped', async () => {
    const it = managed(waits, { restart: true });
    await it.start();
    const { pid } = it;
    await it.stop();
    assert.equal(it.pid, null);
    assert.equal(isAlive(pid), false);
    assert.equal(it.restarts, 0);
  });

  it('is killed when it does not end in time', async () => {
    const deaf = `process.on('SIGTERM', () => {}); ${waits}`;
    const it = managed(deaf, { restart: false });
    await it.start();
    const { pid } = it;
    await it.stop(200);
    assert.equal(isAlive(pid), false);
  });

  it('names its log when it ends before it is ready', async () => {
    const it = managed('console.log("no such port"); process.exit(3)', { restart: false });
    await assert.rejects(
      it.start(),
      /it ended before it was ready; .*it\.log ends with:\nno such port/,
    );
  });

  it('is given up when it keeps dying before it is ready', async () => {
    const it = managed('console.log("port taken")', { restart: true });
    await assert.rejects(it.start(), /it ended before it was ready.*\n(port taken\n){2,}/);
    assert.equal(it.restarts, 3);
  });

  it('names its log when it is not ready in time', async () => {
    const it = managed('setInterval(() => {}, 1000)', { restart: false, readyTimeoutMs: 300 });
    await assert.rejects(it.start(), /it was not ready within 0\.3 s; .*it\.log ends with/);
  });
});

function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!holds()) {
    assert.ok(Date.now() < deadlineMs, 'it did not come within 10 s');
    await sleep(20);
  }
}
