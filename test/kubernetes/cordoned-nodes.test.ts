import assert from 'node:assert/strict';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { CordonedNodes } from '../../src/kubernetes/cordoned-nodes.ts';
import { noVersion } from '../../src/pool/resource-version.ts';
import { eventually, FaultyApiServer, sendJson, sendStatus } from './faulty-api-server.ts';

const node = (name: string, resourceVersion: string) => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion },
});

describe('cordoned nodes', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;
  let cordoned: CordonedNodes | undefined;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
  });
  afterEach(async () => {
    await cordoned?.stop();
    await connection.close();
    await server.stop();
  });

  it('are listed and watched by their field alone, and told one by one after the first list', async () => {
    let send: ((line: object) => void) | undefined;
    server.answer = ({ url }, response) => {
      if (url.searchParams.get('watch') !== 'true') {
        sendJson(response, { metadata: { resourceVersion: '7' }, items: [node('a', '5')] });
        return;
      }
      send = (line) => response.write(`${JSON.stringify(line)}\n`);
      response.flushHeaders();
    };
    cordoned = CordonedNodes.start({ connection, onTrouble: () => undefined });
    const told: (string | null)[] = [];
    cordoned.subscribe((name) => told.push(name));
    const nodes = cordoned;
    await eventually('a watch', () => send !== undefined);
    assert.ok(server.requests.every(({ url }) => url.pathname === '/api/v1/nodes'));
    assert.ok(
      server.requests.every(
        ({ url }) => url.searchParams.get('fieldSelector') === 'spec.unschedulable=true',
      ),
    );
    assert.deepEqual([nodes.has('a'), nodes.has('b'), nodes.has(undefined)], [true, false, false]);
    send?.({ type: 'ADDED', object: node('b', '8') });
    send?.({ type: 'DELETED', object: node('a', '9') });
    await eventually('both changes', () => nodes.version === '9');
    assert.deepEqual([nodes.has('a'), nodes.has('b')], [false, true]);
    assert.deepEqual(told, ['a', null, 'b', 'a']);
  });

  it('stay unknown without the right to read them, which is said once', async () => {
    server.answer = (_request, response) => sendStatus(response, 403, 'Forbidden');
    const troubles: string[] = [];
    cordoned = CordonedNodes.start({
      connection,
      onTrouble: ({ kind }) => void troubles.push(kind),
    });
    await eventually('three tries', () => server.requests.length >= 3);
    assert.deepEqual(troubles, ['forbidden']);
    assert.equal(cordoned.version, noVersion);
  });
});
