import assert from 'node:assert/strict';
import { createPublishPool } from '../../src/activities/publish-pool.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { managedByValue, labels } from '../../src/pool/labels.ts';
import type { PoolCard } from '../../src/pool/actions.ts';
import { FaultyApiServer, sendJson, sendStatus } from '../kubernetes/faulty-api-server.ts';
import { runActivity } from './run-activity.ts';

const card: PoolCard = {
  ...{ pool: 'small', namespace: 'home', phase: 'Steady', why: '', target: 1, templateHash: 'abc' },
  ...{ acceptsClaims: true, claim: { leaseSeconds: 60, maxLeaseSeconds: 600 } },
  startSecondsEstimate: null,
  labels: {},
};

/** What the pool has stored: a card and two templates, the second younger than any age limit. */
const owned = { [labels.pool]: 'small', [labels.managedBy]: managedByValue };
const storedCard = { metadata: { name: 'pilotlight-small', uid: 'c1', labels: owned } };
const templates = ['abc', 'def'].map((hash) => ({
  metadata: { name: `small-${hash}`, uid: hash, creationTimestamp: new Date().toISOString() },
}));

describe('publishPool', () => {
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

  const publish = (given: PoolCard | null): Promise<void> => {
    const activity = createPublishPool({ connection });
    return runActivity(() => activity({ pool: 'small', namespace: 'home', card: given }));
  };
  const changes = (): string[] =>
    server.requests
      .filter(({ method }) => method !== 'GET')
      .map(({ method, url, body }) => {
        const { preconditions } = JSON.parse(body) as { preconditions?: { uid: string } };
        return `${method} ${url.pathname.split('/').at(-1) ?? ''} ${preconditions?.uid ?? ''}`.trim();
      });

  it('lets two write the first card at once', async () => {
    let isThere = false;
    server.answer = ({ method }, response) => {
      if (method === 'PUT' && !isThere) sendStatus(response, 404, 'NotFound');
      else if (method === 'POST' && isThere) sendStatus(response, 409, 'AlreadyExists');
      else {
        isThere ||= method === 'POST';
        sendJson(response, storedCard);
      }
    };
    await Promise.all([publish(card), publish(card)]);
  });

  it('sweeps every template of a pool that ends, then its card, each by its uid (P4)', async () => {
    server.answer = ({ url }, response) => {
      if (url.pathname.endsWith('/podtemplates')) sendJson(response, { items: templates });
      else sendJson(response, storedCard);
    };
    await publish(null);
    assert.deepEqual(changes(), [
      ...['DELETE small-abc abc', 'DELETE small-def def', 'DELETE pilotlight-small c1'],
    ]);
  });

  // The pool was created again between the list and the delete: what is there now is another's.
  it('leaves what has been replaced meanwhile', async () => {
    server.answer = ({ method, url }, response) => {
      if (method === 'DELETE') sendStatus(response, 409, 'Conflict');
      else if (url.pathname.endsWith('/podtemplates')) sendJson(response, { items: templates });
      else sendJson(response, storedCard);
    };
    await publish(null);
  });

  it('is done when nothing is left', async () => {
    server.answer = ({ url }, response) => {
      if (url.pathname.endsWith('/podtemplates')) sendJson(response, { items: [] });
      else sendStatus(response, 404, 'NotFound');
    };
    await publish(null);
    assert.deepEqual(changes(), []);
  });

  it('ends a pool without the right to sweep, but not one whose cluster is in trouble', async () => {
    let code = 403;
    server.answer = ({ url }, response) => {
      if (url.pathname.endsWith('/podtemplates')) sendStatus(response, code, 'Refused');
      else sendJson(response, storedCard);
    };
    await publish(null);
    assert.deepEqual(changes(), ['DELETE pilotlight-small c1']);
    code = 500;
    await assert.rejects(publish(null), { type: 'ClusterUnavailable', nonRetryable: false });
  });
});
