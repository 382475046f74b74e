import assert from 'node:assert/strict';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import {
  dryRunPod,
  readTemplate,
  storeTemplate,
  sweepTemplates,
} from '../../src/kubernetes/templates.ts';
import { labels } from '../../src/pool/labels.ts';
import { FaultyApiServer, sendJson, sendStatus } from './faulty-api-server.ts';

describe('the templates of a pool', () => {
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

  describe('its templates', () => {
    const podTemplates = '/api/v1/namespaces/home/podtemplates';
    const key = (): {
      connection: ClusterConnection;
      namespace: string;
      pool: string;
      templateHash: string;
    } => ({ connection, namespace: 'home', pool: 'small', templateHash: 'abc' });
    // A misspelt field was once dropped by the typed client without a word: the dry run passed,
    // and pods started without what the field should have set.
    const template = { spec: { containers: [], misspelt: true } };

    it('go to the API server whole, which is asked to refuse unknown fields', async () => {
      server.answer = (_request, response) => sendJson(response, {}, 201);
      await storeTemplate({ ...key(), template });
      await dryRunPod({ ...key(), template });
      assert.deepEqual(sent(), [
        `POST ${podTemplates}?fieldValidation=Strict`,
        'POST /api/v1/namespaces/home/pods?dryRun=All&fieldValidation=Strict',
      ]);
      const [stored, tried] = server.requests.map(({ body }) => JSON.parse(body) as object);
      assert.deepEqual(stored, {
        metadata: {
          name: 'small-abc',
          labels: { [labels.pool]: 'small', [labels.managedBy]: 'pilotlight' },
        },
        template,
      });
      assert.deepEqual((tried as { spec: object }).spec, template.spec);
    });

    it('are stored once: one that is there already is the same', async () => {
      server.answer = (_request, response) => sendStatus(response, 409, 'AlreadyExists');
      await storeTemplate({ ...key(), template });
      server.answer = (_request, response) => sendStatus(response, 422, 'Invalid');
      await assert.rejects(storeTemplate({ ...key(), template }), { kind: 'invalid' });
    });

    it('are read whole, or as null', async () => {
      assert.equal(await readTemplate(key()), null);
      server.answer = (_request, response) => sendJson(response, { template });
      assert.deepEqual(await readTemplate(key()), template);
      assert.equal(sent().at(-1), `GET ${podTemplates}/small-abc`);
    });

    it('are deleted under their uid once they are neither named nor young', async () => {
      const stored = (hash: string, creationTimestamp: string): object => ({
        metadata: { name: `small-${hash}`, uid: `${hash}-uid`, creationTimestamp },
      });
      server.answer = ({ method }, response) => {
        const items = [
          stored('kept', '2026-01-01T00:00:00Z'),
          stored('young', '2026-01-01T02:30:00Z'),
          stored('old', '2026-01-01T00:00:00Z'),
        ];
        sendJson(response, method === 'GET' ? { items } : {});
      };
      const nowMs = Date.UTC(2026, 0, 1, 3);
      await sweepTemplates({ ...key(), keep: ['kept'], olderThanMs: 3_600_000, nowMs });
      const deletions = server.requests.filter(({ method }) => method === 'DELETE');
      assert.deepEqual(
        deletions.map(({ url, body }) => [url.pathname, JSON.parse(body) as unknown]),
        [[`${podTemplates}/small-old`, { preconditions: { uid: 'old-uid' } }]],
      );
    });
  });
});
