import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf, ObjectStore } from '../../../dev/simulated/object-store.ts';
import { pods } from '../../../dev/simulated/resources.ts';
import { watchObjects } from '../../../dev/simulated/watch-objects.ts';

describe('a watch of the simulated cluster', () => {
  let folder: string;
  let store: ObjectStore;
  let server: Server;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-watch-'));
    store = new ObjectStore(join(folder, 'journal'));
    server = createServer((request, response) => {
      const query = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams;
      watchObjects(store, {
        ...{ resource: pods, namespace: 'default', query, response },
        print: (object) => object,
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  const put = (name: string, image: string): void => {
    const metadata = { name, namespace: 'default', uid: name, resourceVersion: '' };
    const spec = { containers: [{ name: 'main', image }] };
    store.put(pods, {
      ...{ apiVersion: 'v1', kind: 'Pod', spec, status: {} },
      metadata: { ...metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
    });
  };

  // The whole cluster died in the middle of a test: a watch whose time was over was still told of changes
  // until its reader had taken what was before them, and that is an error that nobody caught.
  it('tells a slow reader nothing more once its time is over, and goes on serving', async () => {
    const { port } = server.address() as AddressInfo;
    const asked = get({ host: '127.0.0.1', port, path: `/?timeoutSeconds=1` });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.pause();
    // More than the sockets between take, so that the end waits behind it.
    for (let index = 0; index < 40; index += 1) put(`p-${index}`, 'x'.repeat(500_000));
    await sleep(1_100);
    for (let index = 0; index < 10; index += 1) put(`late-${index}`, 'y');
    await sleep(50);
    const body = (await answer.toArray()).join('');
    assert.match(body, /"p-39"/);
    assert.doesNotMatch(body, /late-/);
    assert.ok(store.get(pods, keyOf({ name: 'late-9', namespace: 'default' })));
  });
});
