import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { toKnownPod } from '../../src/kubernetes/known-pod.ts';
import { PodCache, type PodCacheChange } from '../../src/kubernetes/pod-cache.ts';
import { labels } from '../../src/pool/labels.ts';
import { fakePod, podList, type FakePod } from './fake-pod.ts';
import {
  eventually,
  FaultyApiServer,
  sendEvent,
  sendJson,
  sendStatus,
} from './faulty-api-server.ts';

describe('the pod cache', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;
  let cache: PodCache;
  let watch: ServerResponse | null;
  let listed: { version: string; pods: FakePod[] };

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    watch = null;
    listed = {
      version: '9',
      pods: [
        fakePod({ name: 'small-0', version: '5' }),
        fakePod({ name: 'large-0', version: '6', pool: 'large' }),
      ],
    };
    server.answer = ({ url }, response) => {
      if (!url.searchParams.has('watch')) {
        sendJson(response, podList(listed.version, listed.pods));
        return;
      }
      response.flushHeaders();
      watch = response;
    };
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
    cache = PodCache.start({ connection, namespace: 'home' });
    assert.equal(await cache.ready(Date.now() + 5_000), true);
    await eventually('the watch', () => watch !== null);
  });

  afterEach(async () => {
    await cache.stop();
    await connection.close();
    await server.stop();
  });

  function send(type: string, pod: FakePod): void {
    assert.ok(watch);
    sendEvent(watch, type, pod);
  }

  it('asks for the pods of pools only and keeps them by name and pool', () => {
    const selector = server.requests[0]?.url.searchParams.get('labelSelector');
    assert.equal(selector, 'pilotlight.dev/pool,app.kubernetes.io/managed-by=pilotlight');
    assert.deepEqual(cache.pools(), ['small', 'large']);
    assert.deepEqual(
      cache.list('small').map(({ name }) => name),
      ['small-0'],
    );
    assert.equal(cache.get('large-0')?.version, '6');
    assert.equal(cache.version, '9');
    assert.ok(cache.lagMs() < 5_000);
  });

  it('counts the bytes that its watch brings, and those only', async () => {
    assert.equal(cache.receivedBytes, 0);
    const event = { type: 'MODIFIED', object: fakePod({ name: 'small-0', version: '10' }) };
    send(event.type, event.object);
    await eventually('the change', () => cache.get('small-0')?.version === '10');
    assert.equal(cache.receivedBytes, `${JSON.stringify(event)}\n`.length);
  });

  it('tells listeners of changes in order, until they unsubscribe', async () => {
    const told: PodCacheChange[] = [];
    const unsubscribe = cache.subscribe((change) => told.push(change));
    send('MODIFIED', fakePod({ name: 'small-0', version: '10', ready: true }));
    send('DELETED', fakePod({ name: 'small-0', version: '11' }));
    await eventually('both', () => told.length === 2);
    const [first, second] = told;
    assert.ok(first?.kind === 'changed' && first.view.ready);
    assert.ok(second?.kind === 'gone');
    const { pool, name, uid, version, last } = second;
    assert.deepEqual([pool, name, uid, version], ['small', 'small-0', 'small-0-uid', '11']);
    assert.equal(last.view.uid, 'small-0-uid');
    unsubscribe();
    send('ADDED', fakePod({ name: 'small-1', version: '12' }));
    await eventually('the pod', () => cache.get('small-1') !== undefined);
    assert.equal(told.length, 2);
  });

  it('tells of a pod missing from a new list as gone at the version of that list', async () => {
    const told: PodCacheChange[] = [];
    cache.subscribe((change) => told.push(change));
    listed = { version: '30', pods: [] };
    assert.ok(watch);
    sendEvent(watch, 'ERROR', { code: 410 });
    watch.end();
    await eventually('the list', () => told.some(({ kind }) => kind === 'listed'));
    assert.deepEqual(
      told.map((change) => [change.kind, 'version' in change ? change.version : '']),
      [
        ['gone', '30'],
        ['gone', '30'],
        ['listed', '30'],
      ],
    );
    assert.deepEqual(cache.pools(), []);
  });

  it('keeps the new pod of a name when the old one is told gone after it', async () => {
    send('ADDED', fakePod({ name: 'small-0', version: '10', uid: 'second' }));
    send('DELETED', fakePod({ name: 'small-0', version: '11' }));
    await eventually('both', () => cache.version === '11');
    assert.equal(cache.get('small-0')?.uid, 'second');
  });

  describe('waiting for a pod', () => {
    const never = new AbortController().signal;
    const until = (view: { ready: boolean } | undefined): boolean => view?.ready === true;

    it('ends when the pod is as wished, also when it is so already', async () => {
      const options = { name: 'small-0', until, timeoutMs: 5_000, signal: never };
      const waits = [cache.waitFor(options), cache.waitFor(options)];
      send('MODIFIED', fakePod({ name: 'small-0', version: '10', ready: true }));
      assert.deepEqual(await Promise.all(waits), ['met', 'met']);
      assert.equal(await cache.waitFor(options), 'met');
    });

    it('ends when the pod is gone, if that is the wish', async () => {
      const wait = cache.waitFor({
        name: 'small-0',
        until: (view) => view === undefined,
        timeoutMs: 5_000,
        signal: never,
      });
      send('DELETED', fakePod({ name: 'small-0', version: '10' }));
      assert.equal(await wait, 'met');
    });

    it('looks only at events of the pod it waits for', async () => {
      let looks = 0;
      const wait = cache.waitFor({
        name: 'small-0',
        until: (view) => {
          looks += 1;
          return until(view);
        },
        timeoutMs: 5_000,
        signal: never,
      });
      for (let n = 0; n < 50; n += 1) {
        send('ADDED', fakePod({ name: `other-${n}`, version: String(10 + n) }));
      }
      send('MODIFIED', fakePod({ name: 'small-0', version: '60', ready: true }));
      assert.equal(await wait, 'met');
      assert.equal(looks, 2);
    });

    it('ends at its time limit', async () => {
      const wait = cache.waitFor({ name: 'small-0', until, timeoutMs: 20, signal: never });
      assert.equal(await wait, 'deadline');
    });

    it('ends by its signal, also when that came before', async () => {
      const stop = new AbortController();
      const options = { name: 'small-0', until, timeoutMs: 5_000, signal: stop.signal };
      const wait = cache.waitFor(options);
      stop.abort();
      assert.equal(await wait, 'aborted');
      assert.equal(await cache.waitFor(options), 'aborted');
    });
  });

  it('is not ready without a list and says what went wrong', async () => {
    server.answer = (_request, response) => sendStatus(response, 403, 'Forbidden');
    const blind = PodCache.start({ connection, namespace: 'elsewhere' });
    assert.equal(await blind.ready(Date.now() + 100), false);
    assert.equal(blind.lastError?.kind, 'forbidden');
    await blind.stop();
  });

  it('shows a claim of ours before the watch does, and is not set back by what comes late', async () => {
    const claimed = fakePod({ name: 'small-0', version: '20', state: 'claimed' });
    claimed.metadata.labels[labels.claim] = 'hash';
    cache.fold(toKnownPod(claimed));
    assert.equal(cache.get('small-0')?.claimed, true);
    assert.deepEqual(
      [...cache.ofClaim('hash')].map(({ view }) => view.name),
      ['small-0'],
    );
    send('MODIFIED', fakePod({ name: 'small-0', version: '15', ready: true }));
    send('ADDED', fakePod({ name: 'small-1', version: '16' }));
    await eventually('the watch', () => cache.get('small-1') !== undefined);
    assert.equal(cache.get('small-0')?.version, '20');
    send('MODIFIED', fakePod({ name: 'small-0', version: '21' }));
    await eventually('the newer', () => cache.get('small-0')?.version === '21');
    assert.deepEqual([...cache.ofClaim('hash')], []);
  });

  it('does not learn of a pod by a write of ours, nor bring one back', async () => {
    cache.fold(toKnownPod(fakePod({ name: 'unheard', version: '20' })));
    assert.equal(cache.get('unheard'), undefined);
    send('DELETED', fakePod({ name: 'small-0', version: '21' }));
    await eventually('the end', () => cache.get('small-0') === undefined);
    cache.fold(toKnownPod(fakePod({ name: 'small-0', version: '22' })));
    assert.equal(cache.get('small-0'), undefined);
    assert.deepEqual(cache.pools(), ['large']);
  });

  it('drops what a write of ours said when the history of the cluster is rewound', async () => {
    cache.fold(toKnownPod(fakePod({ name: 'small-0', version: '50', state: 'claimed' })));
    listed = { version: '30', pods: [fakePod({ name: 'small-0', version: '7', ready: true })] };
    assert.ok(watch);
    sendEvent(watch, 'ERROR', { code: 410 });
    watch.end();
    await eventually('the list', () => cache.get('small-0')?.version === '7');
    assert.equal(cache.get('small-0')?.claimed, false);
  });
});
