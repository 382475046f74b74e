import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { uncounted } from '../../src/activities/activity-metrics.ts';
import { createWatchPods } from '../../src/activities/watch-pods.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { CordonedNodes } from '../../src/kubernetes/cordoned-nodes.ts';
import { PodCache } from '../../src/kubernetes/pod-cache.ts';
import { annotations } from '../../src/pool/labels.ts';
import type { Observation } from '../../src/pool/observation.ts';
import { fakePod, podList, type FakePod } from '../kubernetes/fake-pod.ts';
import {
  eventually,
  FaultyApiServer,
  sendEvent,
  sendJson,
} from '../kubernetes/faulty-api-server.ts';
import { runActivity, type Attempt } from './run-activity.ts';

/** A pod on node n1, with a lease when it is claimed. */
function podOfSmall(changes: Partial<Parameters<typeof fakePod>[0]> = {}, lease?: string): FakePod {
  const pod = fakePod({ name: 'small-0', version: '5', ready: true, ...changes });
  const notes = lease === undefined ? {} : { [annotations.leaseExpiresAt]: lease };
  Object.assign(pod.metadata, { annotations: notes });
  return Object.assign(pod, { spec: { nodeName: 'n1' } });
}

/** Fails a test that waits for what does not come. */
async function rejectAfter(limitMs: number): Promise<never> {
  await sleep(limitMs, undefined, { ref: false });
  throw new Error(`Expected it within ${limitMs} ms`);
}

describe('watchPods', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;
  let cache: PodCache;
  let cordoned: CordonedNodes;
  let watches: { pods: ServerResponse | null; nodes: ServerResponse | null };
  let told: { pool: string; observation: Observation }[];
  /** Signals that Temporal does not take, by pool. */
  let refused: Map<string, number>;
  /** Ages of the oldest change that Temporal had not taken, after each round. */
  let lags: number[];
  let knownPools: () => Promise<string[]>;
  let stop: AbortController;
  let running: Promise<unknown>;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    watches = { pods: null, nodes: null };
    server.answer = ({ url }, response) => {
      const kind = url.pathname.endsWith('/nodes') ? 'nodes' : 'pods';
      if (!url.searchParams.has('watch')) {
        sendJson(response, podList('9', kind === 'pods' ? [podOfSmall()] : []));
        return;
      }
      response.flushHeaders();
      watches[kind] = response;
    };
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
    cache = PodCache.start({ connection, namespace: 'home' });
    cordoned = CordonedNodes.start({ connection, onTrouble: () => undefined });
    await eventually('both watches', () => watches.pods !== null && watches.nodes !== null);
    [told, lags] = [[], []];
    refused = new Map();
    stop = new AbortController();
    knownPools = () => Promise.resolve(['small', 'empty']);
    running = Promise.resolve();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await cache.stop();
    await cordoned.stop();
    await connection.close();
    await server.stop();
  });

  /** Runs the activity until it is stopped; rejects with what it ended with. */
  function start(given: Attempt = {}, namespace = 'home'): Promise<void> {
    const activity = createWatchPods({
      metrics: { ...uncounted, setWatcherLag: (lagMs) => lags.push(lagMs) },
      ...{ cache, cordoned, clusterUid: 'c', namespace: 'home', watchHeartbeatMs: 10_000 },
      knownPools: () => knownPools(),
      signalPool: (pool, observation) => {
        const left = refused.get(pool) ?? 0;
        refused.set(pool, left - 1);
        if (left > 0) return Promise.reject(new Error('Temporal is away'));
        told.push({ pool, observation });
        return Promise.resolve(true);
      },
    });
    const attempt = { cancelled: stop.signal, ...given };
    const ended = runActivity(() => activity({ namespace }), attempt);
    running = ended.catch(() => undefined);
    return ended;
  }

  /** Starts, waits for the snapshots, and forgets them. */
  async function startAndPassOver(): Promise<void> {
    start().catch(() => undefined);
    await eventually('the snapshots', () => told.length === 2);
    told = [];
  }

  function send(type: string, object: unknown, kind: 'pods' | 'nodes' = 'pods'): void {
    const watch = watches[kind];
    assert.ok(watch);
    sendEvent(watch, type, object);
  }

  it('begins with a snapshot of each pool that it knows, those without pods too', async () => {
    start().catch(() => undefined);
    await eventually('both snapshots', () => told.length === 2);
    const [small, empty] = told;
    assert.deepEqual(
      told.map(({ pool, observation: { pods } }) => [pool, pods.map(({ name }) => name)]),
      [
        ['small', ['small-0']],
        ['empty', []],
      ],
    );
    for (const one of [small, empty]) {
      const { cluster, version, gone, complete } = one!.observation;
      assert.deepEqual([cluster, version, gone, complete], ['c', '9', [], true]);
    }
  });

  // What the watcher had not told when Temporal went away was forgotten once it was back.
  // Each list cost every pool a signal, also when it only ended the silence of a quiet cluster.
  it('tells no pool of a list that brought nothing new', async () => {
    await startAndPassOver();
    const first = watches.pods;
    first?.end();
    await eventually('the next watch', () => watches.pods !== first);
    send('MODIFIED', podOfSmall({ version: '10', state: 'claimed' }));
    await eventually('the claim', () => told.length > 0);
    assert.deepEqual(
      told.map(({ pool, observation }) => [pool, observation.complete]),
      [['small', false]],
    );
  });

  it('sends again what Temporal did not take, with what came since on top', async () => {
    await startAndPassOver();
    refused.set('small', 2);
    send('ADDED', podOfSmall({ name: 'small-1', version: '10', ready: false }));
    send('DELETED', podOfSmall({ version: '11' }));
    await eventually('a refusal', () => refused.get('small') === 1);
    send('MODIFIED', podOfSmall({ name: 'small-1', version: '12' }));
    send('ADDED', podOfSmall({ name: 'small-2', version: '13' }));
    await eventually('the changes', () => told.length > 0);
    const { pods, gone, complete, version } = told[0]!.observation;
    assert.deepEqual(
      pods.map((pod) => [pod.name, pod.version, pod.ready]),
      [
        ['small-1', '12', true],
        ['small-2', '13', true],
      ],
    );
    assert.deepEqual(gone, [{ name: 'small-0', uid: 'small-0-uid', version: '11' }]);
    assert.deepEqual([complete, version], [false, '13']);
    // The first retry comes after half a second, and what is told is old no more.
    const lag = Math.max(...lags);
    assert.ok(lag > 0 && lag < 5_000, String(lag));
    await eventually('no lag', () => lags.at(-1) === 0);
  });

  // The SDK's own sleep keeps 1 KB of each call until the activity ends, and a watcher pauses five times
  // a second for 23 hours: the worker that watched grew by 400 MB a day.
  it('keeps nothing of its pauses', async () => {
    let waiting = 0;
    start({ awaitsCancellation: () => (waiting += 1) }).catch(() => undefined);
    await eventually('three rounds', () => lags.length >= 3);
    assert.equal(waiting, 0);
  });

  it('ends when it is cancelled in a pause', async () => {
    refused.set('small', 3);
    refused.set('empty', 3);
    const ended = start();
    ended.catch(() => undefined);
    // The pause is of two seconds then.
    await eventually('three refusals', () => (refused.get('small') ?? 0) <= 0);
    stop.abort();
    await Promise.race([assert.rejects(ended), rejectAfter(1_000)]);
  });

  it('sends a snapshot again as one, and those of other pools once', async () => {
    refused.set('small', 1);
    start().catch(() => undefined);
    await eventually('both snapshots', () => told.length === 2);
    assert.deepEqual(
      told.map(({ pool, observation: { complete } }) => [pool, complete]),
      [
        ['empty', true],
        ['small', true],
      ],
    );
  });

  it('sends no snapshot before it knows which pools there are, and asks again', async () => {
    let asked = 0;
    knownPools = () => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('no cards')) : Promise.resolve(['empty']);
    };
    start().catch(() => undefined);
    await eventually('the snapshots', () => told.length === 2);
    assert.equal(asked, 2);
    assert.deepEqual(new Set(told.map(({ pool }) => pool)), new Set(['empty', 'small']));
  });

  it('tells nothing of a renewed lease, and the lease with the next news of its pod', async () => {
    await startAndPassOver();
    const claim = (version: string, lease: string, ready = true): FakePod =>
      podOfSmall({ version, ready, state: 'claimed' }, lease);
    send('MODIFIED', claim('10', '2030-01-01T00:00:00Z'));
    await eventually('the claim', () => told.length === 1);
    send('MODIFIED', claim('11', '2030-01-01T01:00:00Z'));
    send('MODIFIED', claim('12', '2030-01-01T02:00:00Z'));
    // Another pool's news shows that the renewals had their turn.
    send('ADDED', podOfSmall({ name: 'large-0', version: '13', pool: 'large' }));
    await eventually('the other pool', () => told.length === 2);
    assert.equal(told[1]?.pool, 'large');
    send('MODIFIED', claim('14', '2030-01-01T02:00:00Z', false));
    await eventually('the news', () => told.length === 3);
    const [pod] = told[2]!.observation.pods;
    assert.equal(pod?.leaseExpiresAtMs, Date.parse('2030-01-01T02:00:00Z'));
  });

  it('tells of a pod that ended although it had just told the same of it, whether it was claimed, and why it was given up', async () => {
    await startAndPassOver();
    send('MODIFIED', podOfSmall({ version: '10', state: 'claimed' }));
    const last = podOfSmall({ version: '11', state: 'claimed' });
    Object.assign(last.metadata, { annotations: { [annotations.releaseReason]: 'unhealthy' } });
    send('DELETED', last);
    await eventually('the end', () => told.length > 0);
    const { pods, gone } = told.at(-1)!.observation;
    assert.deepEqual(pods, []);
    const ended = { name: 'small-0', uid: 'small-0-uid', version: '11' };
    assert.deepEqual(gone, [{ ...ended, claimed: true, releaseReason: 'unhealthy' }]);
  });

  it('tells the pools of a cordoned node, and no others', async () => {
    await startAndPassOver();
    for (const name of ['n2', 'n1']) {
      send('ADDED', { metadata: { name, uid: name, resourceVersion: '20' } }, 'nodes');
    }
    await eventually('the node', () => told.length > 0);
    const { pool, observation } = told[0]!;
    assert.deepEqual([pool, observation.cordoned], ['small', { version: '20', nodes: ['n1'] }]);
    assert.equal(told.length, 1);
  });

  // A watch that ran when the workers were set to other heartbeats would else keep the old ones for a day.
  it('ends when it was asked for with other heartbeats than its worker is set to', async () => {
    await assert.rejects(start({ heartbeatTimeoutMs: 180_000 }), {
      type: 'OtherHeartbeats',
      nonRetryable: true,
    });
    start({ heartbeatTimeoutMs: 10_000 }).catch(() => undefined);
    await eventually('its snapshots', () => told.length > 0);
  });

  it('watches no other namespace than its process does', async () => {
    await assert.rejects(start({}, 'elsewhere'), /Expected to watch namespace home/);
  });

  for (const isShutdown of [true, false]) {
    it(
      isShutdown ? 'hands over when its process shuts down' : 'ends when it is cancelled',
      async () => {
        const handOver = { type: 'HandOver', nextRetryDelay: '1ms' };
        const ended = assert.rejects(
          start({ isShutdown }),
          isShutdown ? handOver : { name: 'CancelledFailure' },
        );
        await eventually('the snapshots', () => told.length === 2);
        stop.abort();
        await ended;
      },
    );
  }
});
