import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../dev/file-lock.ts';

const modulePath = join(import.meta.dirname, '../../dev/file-lock.ts');

describe('a lock across processes', () => {
  let folder: string;
  const path = (): string => join(folder, 'it.lock');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A process that holds the lock until it is killed. */
  async function holder() {
    const script = `import { withLock } from ${JSON.stringify(modulePath)};
      await withLock({ path: ${JSON.stringify(path())}, timeoutMs: 1000 }, () => {
        console.log('held');
        return new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    return child;
  }

  it('lets one run at a time, and gives back what each made', async () => {
    let running = 0;
    const job = async (made: number): Promise<number> => {
      running += 1;
      assert.equal(running, 1);
      await sleep(20);
      running -= 1;
      return made;
    };
    const locked = (made: number) => withLock({ path: path(), timeoutMs: 5_000 }, () => job(made));
    assert.deepEqual(await Promise.all([locked(1), locked(2), locked(3)]), [1, 2, 3]);
  });

  it('is free again when the work under it failed', async () => {
    const failing = withLock({ path: path(), timeoutMs: 0 }, () => Promise.reject(new Error('no')));
    await assert.rejects(failing, /no/);
    assert.equal(await withLock({ path: path(), timeoutMs: 0 }, () => Promise.resolve(2)), 2);
  });

  it('is waited for, saying so once, and freed by the kill -9 of its holder', async () => {
    const child = await holder();
    let waits = 0;
    const onWait = (): void => {
      waits += 1;
      setTimeout(() => child.kill('SIGKILL'), 250);
    };
    await withLock({ path: path(), timeoutMs: 10_000, onWait }, () => Promise.resolve());
    assert.equal(waits, 1);
  });

  it('names the file when it does not come in time', async () => {
    const child = await holder();
    const late = withLock({ path: path(), timeoutMs: 150 }, () => Promise.resolve());
    await assert.rejects(late, /Another process held .*it\.lock for more than 0\.15 s/);
    child.kill('SIGKILL');
  });

  it('is no longer waited for when the signal says so', async () => {
    const child = await holder();
    const signal = AbortSignal.timeout(150);
    const waiting = withLock({ path: path(), timeoutMs: 10_000, signal }, () => Promise.resolve());
    await assert.rejects(waiting, { name: 'TimeoutError' });
    child.kill('SIGKILL');
  });
});
