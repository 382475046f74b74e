import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { longestSilenceMs, reflect, type ReflectedObject } from '../../src/kubernetes/reflector.ts';
import { fakePod, podList } from './fake-pod.ts';
import {
  eventually,
  FaultyApiServer,
  sendEvent,
  sendJson,
  sendStatus,
  type FakeRequest,
} from './faulty-api-server.ts';

type Handler = (response: ServerResponse, request: FakeRequest) => void;

describe('the reflector', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;
  let stop: AbortController;
  let ended: Promise<void>;
  /** What it told, in order: `changed a@5`, `gone a@7`, `listed 9`, `failed throttled`. */
  let told: string[];
  /** Versions of the lists that were news. */
  let news: string[];

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
    stop = new AbortController();
    told = [];
    news = [];
  });

  afterEach(async () => {
    stop.abort();
    await ended;
    await connection.close();
    await server.stop();
  });

  /** Answers the n-th list and the n-th watch by the n-th handler; the last one repeats. */
  function script({ lists, watches }: { lists: Handler[]; watches: Handler[] }): void {
    const count = { lists: 0, watches: 0 };
    server.answer = (request, response) => {
      const isWatch = request.url.searchParams.has('watch');
      const handlers = isWatch ? watches : lists;
      const at = isWatch ? count.watches++ : count.lists++;
      if (isWatch) response.flushHeaders();
      handlers[Math.min(at, handlers.length - 1)]?.(response, request);
    };
  }

  function start(silenceMs = 10_000): void {
    ended = reflect<ReflectedObject['metadata']>({
      connection,
      path: '/api/v1/namespaces/home/pods',
      labelSelector: 'pool',
      signal: stop.signal,
      silenceMs,
      read: ({ metadata }) => metadata,
      events: {
        changed: ({ name, resourceVersion }) => told.push(`changed ${name}@${resourceVersion}`),
        gone: ({ name }, version) => told.push(`gone ${name}@${version}`),
        listed: (version, isNews) => {
          told.push(`listed ${version}`);
          if (isNews) news.push(version);
        },
        heard: () => undefined,
        failed: ({ kind }) => told.push(`failed ${kind}`),
      },
    });
  }

  const listOf =
    (version: string, ...names: string[]): Handler =>
    (response) =>
      sendJson(
        response,
        podList(
          version,
          names.map((name) => fakePod({ name, version: '1' })),
        ),
      );
  const quiet: Handler = () => undefined;
  const watchVersions = (): (string | null)[] =>
    server.requests
      .filter(({ url }) => url.searchParams.has('watch'))
      .map(({ url }) => url.searchParams.get('resourceVersion'));

  it('reads a list page by page, then watches from its version', async () => {
    script({
      lists: [
        (response) =>
          sendJson(response, podList('9', [fakePod({ name: 'a', version: '1' })], 'more')),
        (response, { url }) => {
          assert.equal(url.searchParams.get('continue'), 'more');
          sendJson(response, podList('9', [fakePod({ name: 'b', version: '2' })]));
        },
      ],
      watches: [
        (response) => {
          sendEvent(response, 'MODIFIED', fakePod({ name: 'a', version: '10' }));
          sendEvent(response, 'DELETED', fakePod({ name: 'b', version: '11' }));
        },
      ],
    });
    start();
    await eventually('the deletion', () => told.includes('gone b@11'));
    assert.deepEqual(told, ['changed a@1', 'changed b@2', 'listed 9', 'changed a@10', 'gone b@11']);
    assert.deepEqual(watchVersions(), ['9']);
  });

  it('reads an event that arrives in pieces, and several that arrive at once', async () => {
    const events = ['10', '11', '12'].map(
      (version) =>
        `${JSON.stringify({ type: 'ADDED', object: fakePod({ name: 'ü', version }) })}\n`,
    );
    const bytes = Buffer.from(events.join(''));
    const cut = bytes.indexOf(Buffer.from('ü')) + 1;
    script({
      lists: [listOf('9')],
      watches: [
        (response) => {
          response.write(bytes.subarray(0, cut));
          setTimeout(() => response.write(bytes.subarray(cut)), 20);
        },
      ],
    });
    start();
    await eventually('all three', () => told.length === 4);
    assert.deepEqual(told, ['listed 9', 'changed ü@10', 'changed ü@11', 'changed ü@12']);
  });

  it('goes on at the last version, bookmarks included, when a watch ends', async () => {
    script({
      lists: [listOf('9')],
      watches: [
        (response) => {
          sendEvent(response, 'BOOKMARK', { metadata: { resourceVersion: '20' } });
          response.end();
        },
        quiet,
      ],
    });
    start();
    await eventually('the second watch', () => watchVersions().length === 2);
    assert.deepEqual(watchVersions(), ['9', '20']);
    assert.deepEqual(told, ['listed 9']);
  });

  it('lists anew after 410 in the stream and tells what it missed', async () => {
    script({
      lists: [listOf('9', 'a', 'b'), listOf('30', 'b', 'c')],
      watches: [
        (response) => {
          sendEvent(response, 'ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
          response.end();
        },
        quiet,
      ],
    });
    start();
    await eventually('the second list', () => told.includes('listed 30'));
    assert.deepEqual(told.slice(3), ['gone a@30', 'changed c@1', 'listed 30']);
  });

  it('starts a list over when its continue token has expired', async () => {
    script({
      lists: [
        (response) => sendJson(response, podList('9', [], 'old')),
        (response) => sendStatus(response, 410, 'Expired'),
        listOf('12', 'a'),
      ],
      watches: [quiet],
    });
    start();
    await eventually('a list', () => told.includes('listed 12'));
    assert.deepEqual(told, ['changed a@1', 'listed 12']);
  });

  it('survives 500 on list and watch', async () => {
    script({
      lists: [(response) => sendStatus(response, 500, 'InternalError'), listOf('9')],
      watches: [
        (response) => response.destroy(),
        (response) => {
          sendEvent(response, 'ERROR', { kind: 'Status', code: 500, message: 'etcd is away' });
          response.end();
        },
        (response) => sendEvent(response, 'ADDED', fakePod({ name: 'a', version: '10' })),
      ],
    });
    start();
    await eventually('the pod', () => told.includes('changed a@10'));
    assert.deepEqual(
      told.filter((line) => line.startsWith('failed')),
      Array<string>(3).fill('failed unavailable'),
    );
    assert.equal(told.filter((line) => line.startsWith('listed')).length, 1);
  });

  it('waits as long as Retry-After asks', async () => {
    script({
      lists: [
        (response) => sendStatus(response, 429, 'TooManyRequests', { 'retry-after': '1' }),
        listOf('9'),
      ],
      watches: [quiet],
    });
    const startedMs = performance.now();
    start();
    await eventually('the list', () => told.includes('listed 9'));
    assert.deepEqual(told, ['failed throttled', 'listed 9']);
    assert.ok(performance.now() - startedMs >= 990);
  });

  it('lists anew when a watch stays silent', async () => {
    // After etcd was restored to an older state, the API server accepted a watch from the version
    // the reflector had, which lay in the future, and told nothing for hours: neither events nor
    // bookmarks. Opening the watch again at the same version changed nothing.
    script({
      lists: [listOf('999', 'a'), listOf('40', 'b')],
      watches: [
        quiet,
        (response) => sendEvent(response, 'ADDED', fakePod({ name: 'c', version: '41' })),
      ],
    });
    start(100);
    await eventually('the pod made since', () => told.includes('changed c@41'));
    assert.deepEqual(told, [
      'changed a@1',
      'listed 999',
      'gone a@40',
      'changed b@1',
      'listed 40',
      'changed c@41',
    ]);
    assert.deepEqual(watchVersions().slice(0, 2), ['999', '40']);
  });

  it('calls a list news that is the first, brings a change, or is older than what was heard', async () => {
    // Each list once cost every pool a signal, and a quiet cluster is listed every half a minute.
    const lists = [listOf('9', 'a'), listOf('12', 'a'), listOf('11', 'a'), listOf('20')];
    script({ lists, watches: [(response) => response.end()] });
    start();
    await eventually('four lists', () => told.includes('listed 20'));
    assert.deepEqual(news, ['9', '11', '20']);
  });

  it('lists anew when watches are not even answered, and says that they fail', async () => {
    // A deletion that was missed stayed so for as long as each new watch got no answer: only one that
    // had been answered and was silent then led to a list.
    const lists = [listOf('9', 'a'), listOf('30')];
    script({ lists, watches: [quiet] });
    const { answer } = server;
    server.answer = (request, response) => {
      if (!request.url.searchParams.has('watch')) answer(request, response);
    };
    start(100);
    await eventually('the deletion', () => told.includes('gone a@30'));
    assert.ok(told.includes('failed unavailable'));
  });

  it('asks for watches that end, and so bring a bookmark, well before silence is taken for death', async () => {
    script({ lists: [listOf('9')], watches: [quiet] });
    start();
    await eventually('the watch', () => watchVersions().length === 1);
    const { searchParams } = server.requests.at(-1)?.url ?? new URL('http://none');
    const seconds = Number(searchParams.get('timeoutSeconds'));
    assert.ok(seconds >= 25 && seconds <= 35, `${seconds} s`);
    assert.ok(seconds * 1000 <= longestSilenceMs - 10_000);
    assert.ok(longestSilenceMs + 10_000 < 60_000, 'what was missed is seen within a minute');
  });

  it('does not spin when a server ends every watch at once', async () => {
    script({ lists: [listOf('9')], watches: [(response) => response.end()] });
    const startedMs = performance.now();
    start();
    await eventually('four watches', () => watchVersions().length === 4);
    // Pauses of at least 125, 250 and 500 ms lie between them.
    assert.ok(performance.now() - startedMs >= 850);
  });

  it('goes on after the API server died and came back on its port', async () => {
    script({
      lists: [listOf('9', 'a')],
      watches: [
        (response) => sendEvent(response, 'MODIFIED', fakePod({ name: 'a', version: '10' })),
        (response) => sendEvent(response, 'DELETED', fakePod({ name: 'a', version: '11' })),
      ],
    });
    start();
    await eventually('the first watch', () => told.includes('changed a@10'));
    await server.die();
    await eventually('the failure', () => told.includes('failed unavailable'));
    await server.listen();
    await eventually('the deletion', () => told.includes('gone a@11'));
    assert.equal(watchVersions().at(-1), '10');
  });

  it('ends by its signal in the middle of a watch', async () => {
    script({ lists: [listOf('9')], watches: [quiet] });
    start();
    await eventually('the watch', () => watchVersions().length === 1);
    stop.abort();
    await ended;
    assert.deepEqual(told, ['listed 9']);
  });

  it('ends by its signal in a pause', async () => {
    script({
      lists: [(response) => sendStatus(response, 429, 'Busy', { 'retry-after': '60' })],
      watches: [],
    });
    start();
    await eventually('the refusal', () => told.includes('failed throttled'));
    stop.abort();
    await ended;
    assert.deepEqual(told, ['failed throttled']);
  });
});
