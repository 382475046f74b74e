import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { openSdkMetrics } from '../../src/metrics/sdk-metrics.ts';
import { startHealthServer, type WorkerHealth } from '../../src/workers/health-server.ts';

describe('the health of a worker', () => {
  let health: WorkerHealth;
  let scrape: () => Promise<{ contentType: string; text: string }>;
  let server: Server;
  let url: string;

  beforeEach(async () => {
    health = { isReady: true, isDead: false, state: 'RUNNING', watchLagMs: 12.4 };
    scrape = () => Promise.resolve({ contentType: 'text/plain', text: 'a 1\n' });
    server = await startHealthServer({
      ...{ host: '127.0.0.1', port: 0, health: () => health, scrape: () => scrape() },
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => server.close());

  it('is not ready while it does not see its pods, and need not be started anew for it', async () => {
    const ready = await fetch(`${url}/readyz`);
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), { state: 'RUNNING', watchLagMs: 12 });
    health = { ...health, isReady: false };
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  it('must be started anew once it has failed', async () => {
    health = { ...health, isReady: false, isDead: true, state: 'FAILED' };
    assert.equal((await fetch(`${url}/healthz`)).status, 503);
  });

  it('can not be asked on a port that is taken, which ends the start with the port', async () => {
    const { port } = server.address() as AddressInfo;
    const taken = startHealthServer({
      ...{ host: '127.0.0.1', port, health: () => health, scrape: () => scrape() },
    });
    await assert.rejects(taken, new RegExp(`EADDRINUSE.*127\\.0\\.0\\.1:${port}`));
  });

  it('is counted, and says so when that fails', async () => {
    const answer = await fetch(`${url}/metrics`);
    assert.equal(await answer.text(), 'a 1\n');
    scrape = () => Promise.reject(new Error('no'));
    assert.equal((await fetch(`${url}/metrics`)).status, 500);
    assert.equal((await fetch(`${url}/else`)).status, 404);
  });
});

describe("the SDK's own metrics", () => {
  it('are read from the address that it was given, and their lack is a comment', async () => {
    const sdkMetrics = await openSdkMetrics();
    const read = (): Promise<string> => sdkMetrics.read();
    assert.match(await read(), /^# the SDK's metrics can't be read: .*\n$/);
    const [host, port] = sdkMetrics.bindAddress.split(':');
    const sdk = createServer((_request, response) => response.end('temporal_a 1\n'));
    sdk.listen(Number(port), host);
    await once(sdk, 'listening');
    assert.equal(await read(), 'temporal_a 1\n');
    sdk.close();
  });
});
