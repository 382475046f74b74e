import assert from 'node:assert/strict';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import {
  deletePoolCard,
  listPoolsByCard,
  publishPoolCard,
} from '../../src/kubernetes/pool-cards.ts';
import { labels, managedByValue } from '../../src/pool/labels.ts';
import { FaultyApiServer, sendJson, sendStatus } from './faulty-api-server.ts';

const configMaps = '/api/v1/namespaces/home/configmaps';
const card = {
  pool: 'small',
  namespace: 'home',
  phase: 'Steady',
  why: '1 of 1 pods are warm.',
  target: 1,
  templateHash: 'abc',
  acceptsClaims: true,
  claim: { leaseSeconds: 60, maxLeaseSeconds: 600 },
  labels: { team: 'a' },
  startSecondsEstimate: null,
};

describe('the card of a pool', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
  });

  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  const sent = (): string[] =>
    server.requests.map(({ method, url }) => `${method} ${url.pathname}${url.search}`);
  const publish = (): Promise<void> => publishPoolCard({ connection, namespace: 'home', card });
  const remove = (): Promise<void> =>
    deletePoolCard({ connection, namespace: 'home', pool: 'small' });

  it('is written over the one that is there', async () => {
    server.answer = (_request, response) => sendJson(response, {});
    await publish();
    assert.deepEqual(sent(), [`PUT ${configMaps}/pilotlight-small`]);
    const { data } = JSON.parse(server.requests[0]?.body ?? '') as {
      data: { 'card.json': string };
    };
    assert.deepEqual(JSON.parse(data['card.json']), card);
  });

  it('is created when there is none', async () => {
    server.answer = ({ method }, response) => {
      if (method === 'PUT') sendStatus(response, 404, 'NotFound');
      else sendJson(response, {}, 201);
    };
    await publish();
    assert.deepEqual(sent(), [`PUT ${configMaps}/pilotlight-small`, `POST ${configMaps}`]);
  });

  // Two attempts at the first card found none at the same time, and the second one's create failed
  // with AlreadyExists, which was raised as trouble of the cluster.
  it('is replaced when another has created it meanwhile', async () => {
    let isThere = false;
    server.answer = ({ method }, response) => {
      if (method === 'PUT' && isThere) sendJson(response, {});
      else if (method === 'PUT') sendStatus(response, 404, 'NotFound');
      else {
        isThere = true;
        sendStatus(response, 409, 'AlreadyExists');
      }
    };
    await publish();
    assert.equal(sent().at(-1), `PUT ${configMaps}/pilotlight-small`);
    assert.equal(sent().length, 3);
  });

  it('is given up after five rounds against a cluster that contradicts itself', async () => {
    server.answer = ({ method }, response) => {
      if (method === 'PUT') sendStatus(response, 404, 'NotFound');
      else sendStatus(response, 409, 'AlreadyExists');
    };
    await assert.rejects(publish(), { kind: 'conflict' });
    assert.equal(sent().length, 10);
  });

  it('raises when the API server fails, at any step', async () => {
    server.answer = (_request, response) => sendStatus(response, 500, 'InternalError');
    await assert.rejects(publish(), { kind: 'unavailable', code: 500 });
    server.answer = ({ method }, response) =>
      sendStatus(response, method === 'PUT' ? 404 : 403, 'Forbidden');
    await assert.rejects(publish(), { kind: 'forbidden' });
  });

  const stored = {
    metadata: {
      name: 'pilotlight-small',
      uid: 'u1',
      labels: { [labels.managedBy]: managedByValue },
    },
  };

  it('may be gone when it is deleted', async () => {
    await remove();
    assert.deepEqual(sent(), [`GET ${configMaps}/pilotlight-small`]);
  });

  it('is deleted under the uid that was read, so a newer one of its name stays (P4)', async () => {
    server.answer = ({ method }, response) => {
      if (method === 'GET') sendJson(response, stored);
      else sendStatus(response, 409, 'Conflict');
    };
    await remove();
    const { body } = server.requests.at(-1) ?? {};
    assert.deepEqual(JSON.parse(body ?? ''), { preconditions: { uid: 'u1' } });
  });

  it('is not what another tool has stored under its name', async () => {
    const theirs = { metadata: { ...stored.metadata, labels: {} } };
    server.answer = (_request, response) => sendJson(response, theirs);
    await remove();
    assert.deepEqual(sent(), [`GET ${configMaps}/pilotlight-small`]);
  });

  it('raises when the API server fails to delete it', async () => {
    server.answer = ({ method }, response) => {
      if (method === 'GET') sendJson(response, stored);
      else sendStatus(response, 500, 'InternalError');
    };
    await assert.rejects(remove(), { kind: 'unavailable' });
  });

  it('names the pools of a namespace', async () => {
    const items = ['small', 'large'].map((pool) => ({
      metadata: { labels: { [labels.pool]: pool } },
    }));
    server.answer = (_request, response) => sendJson(response, { items });
    const pools = await listPoolsByCard({ connection, namespace: 'home' });
    assert.deepEqual(pools, ['small', 'large']);
  });
});
