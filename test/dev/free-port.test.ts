import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort, preferredBlock } from '../../dev/free-port.ts';

const module = join(import.meta.dirname, '../../dev/free-port.ts');

describe('free ports', () => {
  // Two runs of suites had the same block. A worker of the one was stopped to be started again, and its
  // port was given to a server of the other in that second.
  it('are of a block that no other process has', async () => {
    const code = `
      const { freePort } = await import(${JSON.stringify(module)});
      process.stdin.once('data', async () => {
        console.log(await freePort());
        process.exit();
      });
      console.log('waits');`;
    const child = execa(process.execPath, ['--input-type=module', '-e', code], { buffer: true });
    assert.ok(child.pid !== undefined);
    const first = preferredBlock(child.pid);
    const holder = createServer();
    holder.listen(first, '127.0.0.1');
    // Somebody else's already: all the better.
    await once(holder, 'listening').catch(() => {});
    await once(child.stdout, 'data');
    child.stdin.write('now\n');
    const { stdout } = await child;
    holder.close();
    const port = Number(stdout.trim().split('\n').at(-1));
    assert.ok(port > 0 && (port < first || port >= first + 200), `port ${port}, block ${first}`);
  });

  it('are given out once in a while', async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    assert.equal(new Set(ports).size, 3);
  });
});
