import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rememberedPorts } from '../../dev/remembered-ports.ts';

describe('the ports of a state folder', () => {
  let folder: string;
  const ports = () => rememberedPorts(folder, 'temporal', ['frontend', 'ui']);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-ports-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are the same at the next start', async () => {
    assert.deepEqual(await ports(), await ports());
  });

  it('are none that the system gives to outgoing connections', async () => {
    for (const port of Object.values(await ports())) assert.ok(port >= 20_000 && port < 32_000);
  });

  it('are replaced one by one when another program has taken them, and stay so', async () => {
    const first = await ports();
    const other = createServer().listen(first.ui, '127.0.0.1');
    await once(other, 'listening');
    const second = await ports();
    other.close();
    assert.equal(second.frontend, first.frontend);
    assert.notEqual(second.ui, first.ui);
    assert.deepEqual(await ports(), second);
  });

  it('are found anew when their file is half written', async () => {
    await writeFile(join(folder, 'temporal-ports.json'), '{"frontend":2');
    assert.deepEqual(await ports(), await ports());
  });
});
