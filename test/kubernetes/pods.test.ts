import assert from 'node:assert/strict';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { createPod, listPods, readPod, retirePod } from '../../src/kubernetes/pods.ts';
import { fakePod, podList, type FakePod } from './fake-pod.ts';
import { FaultyApiServer, sendJson, sendStatus } from './faulty-api-server.ts';

describe('operations on pods', () => {
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

  it('creates a pod whole, under our labels and with annotations to add to', async () => {
    server.answer = (_request, response) =>
      sendJson(response, fakePod({ name: 'small-0', version: '5' }), 201);
    const template = {
      metadata: { labels: { app: 'db', 'pilotlight.dev/state': 'claimed' } },
      spec: { containers: [], fieldOfANewerKubernetes: 1 },
    };
    const where = { connection, namespace: 'home', pool: 'small', podName: 'small-0' };
    const view = await createPod({ ...where, templateHash: 'h', template });
    assert.equal(view.uid, 'small-0-uid');
    assert.equal(server.requests[0]?.url.pathname, '/api/v1/namespaces/home/pods');
    assert.deepEqual(JSON.parse(server.requests[0].body), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'small-0',
        labels: {
          app: 'db',
          'pilotlight.dev/pool': 'small',
          'pilotlight.dev/state': 'unclaimed',
          'pilotlight.dev/template': 'h',
          'app.kubernetes.io/managed-by': 'pilotlight',
        },
        annotations: {},
      },
      spec: { containers: [], fieldOfANewerKubernetes: 1 },
    });
  });

  it("reads a pod, nothing, or another's pod", async () => {
    const read = (): ReturnType<typeof readPod> =>
      readPod({ connection, namespace: 'home', name: 'small-0', pool: 'small' });
    assert.equal(await read(), null);
    server.answer = (_request, response) =>
      sendJson(response, fakePod({ name: 'small-0', version: '5', pool: 'large' }));
    assert.equal(await read(), 'notOurs');
    server.answer = (_request, response) =>
      sendJson(response, fakePod({ name: 'small-0', version: '5' }));
    assert.deepEqual(((await read()) as { version: string }).version, '5');
  });

  it('lists a pool consistently, page by page', async () => {
    server.answer = ({ url }, response) => {
      const after = url.searchParams.get('continue');
      const name = after === null ? 'small-0' : 'small-1';
      sendJson(
        response,
        podList('9', [fakePod({ name, version: '5' })], after === null ? 'more' : undefined),
      );
    };
    const { version, pods } = await listPods({ connection, namespace: 'home', pool: 'small' });
    assert.equal(version, '9');
    assert.deepEqual(
      pods.map(({ name }) => name),
      ['small-0', 'small-1'],
    );
    // A list that names a version may be served from an old cache.
    assert.ok(server.requests.every(({ url }) => !url.searchParams.has('resourceVersion')));
  });

  describe('retiring a pod', () => {
    const retire = (
      options: { uid?: string; onlyIfNotReady?: boolean } = {},
    ): ReturnType<typeof retirePod> =>
      retirePod({
        connection,
        namespace: 'home',
        name: 'small-0',
        uid: 'small-0-uid',
        pool: 'small',
        onlyIfNotReady: false,
        ...options,
      });
    const deletions = (): unknown[] =>
      server.requests
        .filter(({ method }) => method === 'DELETE')
        .map(({ body }) => JSON.parse(body) as unknown);

    /** Reads give the n-th pod (the last one repeats), deletions the n-th status code. */
    function play({ reads, codes = [200] }: { reads: FakePod[]; codes?: number[] }): void {
      const left = { reads: [...reads], codes: [...codes] };
      const next = <T>(items: T[]): T | undefined => (items.length > 1 ? items.shift() : items[0]);
      server.answer = ({ method }, response) => {
        if (method === 'GET') sendJson(response, next(left.reads));
        else {
          const code = next(left.codes) ?? 200;
          if (code === 200) sendJson(response, { kind: 'Status' });
          else sendStatus(response, code, code === 409 ? 'Conflict' : 'Failure');
        }
      };
    }

    const unready = fakePod({ name: 'small-0', version: '5' });
    const ready = fakePod({ name: 'small-0', version: '6', ready: true });
    const claimed = fakePod({ name: 'small-0', version: '7', state: 'claimed' });

    it('deletes it under the uid and the version it has judged', async () => {
      play({ reads: [unready] });
      assert.equal((await retire({ onlyIfNotReady: true })).outcome, 'deleted');
      assert.deepEqual(deletions(), [
        { preconditions: { uid: 'small-0-uid', resourceVersion: '5' } },
      ]);
    });

    const untouched = [
      { fact: 'a claimed pod', pod: claimed, outcome: 'claimedMeanwhile' },
      {
        fact: 'a Ready pod that was to go for not being Ready',
        pod: ready,
        outcome: 'readyMeanwhile',
      },
      {
        fact: 'a namesake with another uid',
        pod: fakePod({ name: 'small-0', version: '5', uid: 'other' }),
        outcome: 'gone',
      },
      {
        fact: "another pool's pod",
        pod: fakePod({ name: 'small-0', version: '5', pool: 'large' }),
        outcome: 'notOurs',
      },
      {
        fact: 'a pod that is being deleted already',
        pod: {
          ...unready,
          metadata: { ...unready.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
        },
        outcome: 'deleted',
      },
    ];
    for (const { fact, pod, outcome } of untouched) {
      it(`leaves ${fact} alone`, async () => {
        play({ reads: [pod] });
        assert.equal((await retire({ onlyIfNotReady: true })).outcome, outcome);
        assert.deepEqual(deletions(), []);
      });
    }

    it('lets a claim win that was made between reading and deleting', async () => {
      play({ reads: [unready, claimed], codes: [409] });
      assert.equal((await retire()).outcome, 'claimedMeanwhile');
      assert.equal(deletions().length, 1);
    });

    it('judges the pod anew when it was changed in between', async () => {
      play({ reads: [unready, ready], codes: [409, 200] });
      assert.equal((await retire()).outcome, 'deleted');
      assert.deepEqual(deletions(), [
        { preconditions: { uid: 'small-0-uid', resourceVersion: '5' } },
        { preconditions: { uid: 'small-0-uid', resourceVersion: '6' } },
      ]);
    });

    it('finds it gone when it is absent, before reading or before deleting', async () => {
      assert.equal((await retire()).outcome, 'gone');
      play({ reads: [unready], codes: [404] });
      assert.equal((await retire()).outcome, 'gone');
    });

    it('gives up with a conflict after 8 rounds', async () => {
      play({ reads: [unready], codes: [409] });
      await assert.rejects(retire(), { kind: 'conflict' });
      assert.equal(deletions().length, 8);
    });

    it('raises what the API server failed with', async () => {
      play({ reads: [unready], codes: [500] });
      await assert.rejects(retire(), { kind: 'unavailable', code: 500 });
    });
  });
});
