import assert from 'node:assert/strict';
import { createObservePool } from '../../src/activities/observe-pool.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import type { Observation } from '../../src/pool/observation.ts';
import { fakePod, podList } from '../kubernetes/fake-pod.ts';
import { FaultyApiServer, sendJson, sendStatus } from '../kubernetes/faulty-api-server.ts';
import { runActivity } from './run-activity.ts';

/** Templates by hash, the last of them stored just now. */
const templates = ['current', 'old', 'new'].map((hash) => ({
  metadata: {
    ...{ name: `small-${hash}`, uid: hash },
    creationTimestamp: hash === 'new' ? new Date().toISOString() : '2026-01-01T00:00:00Z',
  },
}));

describe('observePool', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;
  let sweepCode: number;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
    sweepCode = 200;
    server.answer = ({ method, url }, response) => {
      if (url.pathname.endsWith('/pods')) {
        sendJson(response, podList('9', [fakePod({ name: 'small-0', version: '5' })]));
      } else if (sweepCode !== 200) sendStatus(response, sweepCode, 'Failure');
      else if (method === 'GET') sendJson(response, { items: templates });
      else sendJson(response, { kind: 'Status' });
    };
  });
  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  const observe = (cluster: string | null = 'c'): Promise<Observation> => {
    const activity = createObservePool({ connection, clusterUid: 'c' });
    const about = { pool: 'small', namespace: 'home', keepTemplates: ['current'] };
    return runActivity(() => activity({ ...about, cluster }));
  };
  const deleted = (): string[] =>
    server.requests.flatMap(({ method, url, body }) => {
      if (method !== 'DELETE') return [];
      const { preconditions } = JSON.parse(body) as { preconditions: { uid: string } };
      return [`${url.pathname.split('/').at(-1) ?? ''} ${preconditions.uid}`];
    });

  it('gives every pod at the version of the list, and tells a new life its cluster', async () => {
    for (const cluster of ['c', null]) {
      const { pods, ...rest } = await observe(cluster);
      assert.deepEqual(rest, { cluster: 'c', version: '9', gone: [], complete: true });
      assert.deepEqual(
        pods.map(({ name, version }) => `${name} ${version}`),
        ['small-0 5'],
      );
    }
  });

  it('sweeps templates that are neither in use nor new, each by its uid (P4)', async () => {
    await observe();
    assert.deepEqual(deleted(), ['small-old old']);
  });

  it('does not wait for templates that can not be swept', async () => {
    for (sweepCode of [403, 500]) assert.equal((await observe()).version, '9');
    assert.deepEqual(deleted(), []);
  });

  it('is tried again when the API server asks for it', async () => {
    server.answer = (_request, response) =>
      sendStatus(response, 429, 'TooManyRequests', { 'retry-after': '3' });
    await assert.rejects(observe(), { type: 'ClusterUnavailable', nextRetryDelay: 3_000 });
  });

  it('reads nothing of another cluster', async () => {
    await assert.rejects(observe('other'), { type: 'WrongCluster', nonRetryable: false });
    assert.equal(server.requests.length, 0);
  });
});
