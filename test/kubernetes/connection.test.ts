import assert from 'node:assert/strict';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { KubernetesError } from '../../src/kubernetes/kubernetes-error.ts';
import { FaultyApiServer, sendJson, sendStatus } from './faulty-api-server.ts';

const isUnavailable = (error: unknown): boolean =>
  error instanceof KubernetesError && error.kind === 'unavailable' && error.code === null;

describe('the connection to a cluster', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    const { kubeconfigPath } = server;
    connection = await connectToCluster({ kubeconfigPath, callDeadlineMs: 2_000 });
  });

  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  it('sends the credentials of the kubeconfig and knows its namespace', async () => {
    server.answer = (_request, response) => sendJson(response, { metadata: { uid: 'u' } });
    await (await connection.typed()).readNamespace({ name: 'kube-system' });
    await connection.send({ method: 'GET', path: '/api' });
    assert.deepEqual(
      server.requests.map(({ headers }) => headers.authorization),
      ['Bearer secret', 'Bearer secret'],
    );
    assert.equal(connection.defaultNamespace, 'home');
  });

  it('tells of every call that has ended, answered or not', async () => {
    const ended: unknown[] = [];
    const { kubeconfigPath } = server;
    const counted = await connectToCluster({
      kubeconfigPath,
      onCall: ({ elapsedMs, ...call }) => {
        assert.ok(elapsedMs > 0);
        ended.push(call);
      },
    });
    server.answer = ({ url }, response) =>
      url.pathname === '/gone' ? response.destroy() : sendStatus(response, 409, 'Conflict');
    await assert.rejects(counted.send({ method: 'PATCH', path: '/pod', lane: 'claims' }));
    await assert.rejects(counted.send({ method: 'DELETE', path: '/gone', lane: 'deletes' }));
    assert.deepEqual(ended, [
      { method: 'PATCH', lane: 'claims', status: 409 },
      { method: 'DELETE', lane: 'deletes', status: null },
    ]);
    await counted.close();
  });

  // The HTTP library ends a connection after a delete with a body, and ours name the uid in one: each
  // release began with a TLS handshake, which took as much CPU as the whole claim.
  it('sends deletes one after the other over one connection', async () => {
    server.answer = (_request, response) => sendJson(response, {});
    const path = '/pod';
    const body = { preconditions: { uid: 'u' } };
    for (let count = 0; count < 3; count += 1) {
      await connection.send({ method: 'DELETE', path, body, lane: 'deletes' });
      await (
        await connection.typed()
      ).deleteNamespacedPod({ namespace: 'home', name: 'pod', body });
    }
    // One for each of the two lanes.
    assert.equal(server.connectionsMade, 2);
  });

  it('carries 300 calls at once over at most 16 connections', async () => {
    server.answer = (_request, response) => sendJson(response, { metadata: { uid: 'u' } });
    const calls = Array.from({ length: 300 }, () => connection.send({ method: 'GET', path: '/' }));
    assert.equal((await Promise.all(calls)).length, 300);
    assert.ok(server.maxConnections <= 16, `${server.maxConnections} connections`);
  });

  it('opens watches beside the calls, so that a full line of calls does not hold them up', async () => {
    server.answer = ({ url }, response) => {
      if (url.pathname === '/watch') sendJson(response, {});
    };
    const calls = Array.from({ length: 40 }, () =>
      connection.send({ method: 'GET', path: '/hangs' }).catch(() => null),
    );
    const watch = { path: '/watch', headersTimeoutMs: 1_500, bodyTimeoutMs: 1_500 };
    const { statusCode, body } = await connection.open(watch);
    await body.dump();
    assert.equal(statusCode, 200);
    await connection.close();
    await Promise.all(calls);
  });

  it('carries claims beside a full line of calls, and at most 6 deletes at once', async () => {
    const deletes = new Set<unknown>();
    server.answer = ({ method }, response) => {
      if (method === 'PATCH') sendJson(response, { claimed: true });
      if (method === 'DELETE') deletes.add(response);
    };
    const hanging = [
      ...Array.from({ length: 40 }, () => connection.send({ method: 'GET', path: '/hangs' })),
      ...Array.from({ length: 20 }, () =>
        connection.send({ method: 'DELETE', path: '/hangs', lane: 'deletes' }),
      ),
    ].map((call) => call.catch(() => null));
    const claim = { method: 'PATCH', path: '/', lane: 'claims', deadlineMs: 1_000 } as const;
    const contentType = 'application/json-patch+json';
    const answer = await connection.send({ ...claim, contentType, body: [] });
    assert.deepEqual(answer, { claimed: true });
    const patch = server.requests.find(({ method }) => method === 'PATCH');
    assert.equal(patch?.headers['content-type'], contentType);
    assert.equal(deletes.size, 6);
    await connection.close();
    await Promise.all(hanging);
  });

  it('gives a call up at its deadline, also when the answer stops in its middle', async () => {
    const { kubeconfigPath } = server;
    const hasty = await connectToCluster({ kubeconfigPath, callDeadlineMs: 60 });
    server.answer = () => undefined;
    await assert.rejects(hasty.send({ method: 'GET', path: '/' }), isUnavailable);
    server.answer = (_request, response) => response.writeHead(200).write('{');
    await assert.rejects(hasty.send({ method: 'GET', path: '/' }), isUnavailable);
    await hasty.close();
  });

  it('raises what the API server answered, with its Retry-After', async () => {
    server.answer = (_request, response) =>
      sendStatus(response, 429, 'TooManyRequests', { 'retry-after': '3' });
    await assert.rejects(connection.send({ method: 'GET', path: '/' }), {
      kind: 'throttled',
      code: 429,
      retryAfterMs: 3_000,
    });
  });

  it('raises the same from typed calls, answered or not', async () => {
    const core = await connection.typed();
    server.answer = (_request, response) =>
      sendStatus(response, 409, 'AlreadyExists', { 'retry-after': '1' });
    const create = () => core.createNamespace({ body: { metadata: { name: 'home' } } });
    await assert.rejects(create(), { kind: 'alreadyExists', code: 409, retryAfterMs: 1_000 });
    server.answer = (_request, response) => response.destroy();
    await assert.rejects(create(), isUnavailable);
  });

  it('works again after the API server came back on its port', async () => {
    server.answer = (_request, response) => sendJson(response, { fine: true });
    await connection.send({ method: 'GET', path: '/' });
    await server.die();
    await assert.rejects(connection.send({ method: 'GET', path: '/' }), isUnavailable);
    await server.listen();
    assert.deepEqual(await connection.send({ method: 'GET', path: '/' }), { fine: true });
  });

  it('refuses a kubeconfig without the context asked for', async () => {
    const { kubeconfigPath } = server;
    await assert.rejects(connectToCluster({ kubeconfigPath, context: 'nowhere' }), /nowhere/);
  });
});
