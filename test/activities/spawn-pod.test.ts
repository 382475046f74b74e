import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { uncounted } from '../../src/activities/activity-metrics.ts';
import { createSpawnPod } from '../../src/activities/spawn-pod.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import type { PodCache } from '../../src/kubernetes/pod-cache.ts';
import { toPodView } from '../../src/kubernetes/to-pod-view.ts';
import type { SpawnResult } from '../../src/pool/actions.ts';
import { labels } from '../../src/pool/labels.ts';
import { fakePod, type FakePod } from '../kubernetes/fake-pod.ts';
import { FaultyApiServer, sendJson, sendStatus } from '../kubernetes/faulty-api-server.ts';
import { recordedTracer, type ToldSpan } from '../tracing/recorded-tracer.ts';
import { runActivity, type Attempt } from './run-activity.ts';

/** A watch that sees nothing, so that every wait ends by its deadline or signal. */
const blind = {
  get: () => undefined,
  waitFor: ({ timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }) =>
    sleep(Math.max(1, timeoutMs), undefined, { signal }).catch(() => undefined),
} as unknown as PodCache;

function podOfSmall(changes: Partial<Parameters<typeof fakePod>[0]> = {}, ageMs = 0): FakePod {
  const pod = fakePod({ name: 'small-0', version: '5', ...changes });
  pod.metadata.labels[labels.template] = 'abc';
  Object.assign(pod.metadata, { creationTimestamp: new Date(Date.now() - ageMs).toISOString() });
  return pod;
}

describe('spawnPod', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;
  /** The pod under the name, as the API server has it. */
  let stored: FakePod | null;
  /** What was counted: `outcome reason`. */
  let counted: string[];
  /** The traces of the attempts. */
  let traces: ToldSpan[];
  let answerCreate: (create: () => void, fail: (code: number, reason: string) => void) => void;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
    stored = null;
    counted = [];
    traces = [];
    answerCreate = (create) => create();
    server.answer = ({ method }, response) => {
      const fail = (code: number, reason: string): void => sendStatus(response, code, reason);
      if (method === 'POST') {
        answerCreate(() => {
          stored = podOfSmall({ ready: true });
          sendJson(response, stored, 201);
        }, fail);
      } else if (stored === null) fail(404, 'NotFound');
      else {
        sendJson(response, stored);
        if (method === 'DELETE') stored = null;
      }
    };
  });

  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  const isAtWork = () => Promise.resolve(false);

  const spawn = (
    given: Attempt & { uid?: string; podReadySeconds?: number; cache?: PodCache } = {},
  ): Promise<SpawnResult> => {
    const { uid = null, podReadySeconds = 60, cache = blind, ...attempt } = given;
    const { tracer, roots } = recordedTracer();
    traces = roots;
    const template = { spec: { containers: [] } };
    const templates = { read: () => Promise.resolve(template) };
    const activity = createSpawnPod({
      ...{ connection, cache, clusterUid: 'c', templates, isAtWork, tracer },
      metrics: {
        ...uncounted,
        countSpawn: (_pool, outcome, reason) => counted.push(`${outcome} ${reason}`.trim()),
      },
    });
    const about = { pool: 'small', namespace: 'home', cluster: 'c', podName: 'small-0' };
    return runActivity(
      () => activity({ ...about, templateHash: 'abc', uid, podReadySeconds }),
      attempt,
    );
  };
  const sent = (method: string): number =>
    server.requests.filter((request) => request.method === method).length;

  it('creates the pod and gives it as it was read', async () => {
    const result = await spawn();
    assert.equal(result.outcome === 'ready' && result.pod.uid, 'small-0-uid');
    assert.deepEqual(counted, ['ready']);
  });

  // The reply of a create was lost after the write: the next attempt must find that very pod.
  it('adopts on its next attempt what a failed create has made (P5)', async () => {
    answerCreate = (_create, fail) => {
      stored = podOfSmall({ ready: true });
      fail(500, 'InternalError');
    };
    await assert.rejects(spawn(), { type: 'ClusterUnavailable', nonRetryable: false });
    assert.equal((await spawn({ attempt: 2 })).outcome, 'ready');
    assert.equal(sent('POST'), 1);
    // The first attempt was no verdict and not the end of the spawn.
    assert.deepEqual(counted, ['ready']);
  });

  for (const [code, reason] of [
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
    [504, 'Timeout'],
  ] as const) {
    it(`charges nothing to the pool for a ${code}, and tries again`, async () => {
      answerCreate = (_create, fail) => fail(code, reason);
      await assert.rejects(spawn(), { type: 'ClusterUnavailable', nonRetryable: false });
    });
  }

  for (const [code, reason, said] of [
    [422, 'Invalid', 'invalid'],
    [403, 'Forbidden', 'forbidden'],
  ] as const) {
    it(`gives the API server's word when it refuses with ${code}`, async () => {
      answerCreate = (_create, fail) => fail(code, reason);
      await assert.rejects(spawn(), { type: 'PodRefused', nonRetryable: true, details: [said] });
      assert.deepEqual(counted, [`refused ${said}`]);
    });
  }

  // A quota that is used up is refused with the same 403 as a missing right.
  it('tells a quota that is used up from a missing right, by its message', async () => {
    const { answer } = server;
    const message = 'pods "small-0" is forbidden: exceeded quota: compute, requested: pods=1';
    server.answer = (request, response) => {
      if (request.method !== 'POST') answer(request, response);
      else sendJson(response, { kind: 'Status', reason: 'Forbidden', message }, 403);
    };
    await assert.rejects(spawn(), { type: 'PodRefused', details: ['quota'], message });
  });

  const exists = (pod: FakePod): void => {
    answerCreate = (_create, fail) => {
      stored = pod;
      fail(409, 'AlreadyExists');
    };
  };

  it('adopts a pod of its own that exists already', async () => {
    exists(podOfSmall({ ready: true, uid: 'mine' }));
    const result = await spawn();
    assert.equal(result.outcome === 'ready' && result.pod.uid, 'mine');
  });

  it('leaves the name to a pod of another pool, and to one that is being deleted', async () => {
    exists(podOfSmall({ pool: 'other' }));
    assert.deepEqual(await spawn(), { outcome: 'nameTaken' });
    const ending = podOfSmall();
    Object.assign(ending.metadata, { deletionTimestamp: new Date().toISOString() });
    exists(ending);
    assert.deepEqual(await spawn(), { outcome: 'nameTaken' });
    assert.equal(sent('DELETE'), 0);
  });

  it('never creates a pod again whose uid was known, from its input or from a heartbeat', async () => {
    assert.deepEqual(await spawn({ uid: 'u1' }), { outcome: 'gone' });
    const heartbeatDetails = { podName: 'small-0', uid: 'u1' };
    assert.deepEqual(await spawn({ attempt: 2, heartbeatDetails }), { outcome: 'gone' });
    stored = podOfSmall({ uid: 'u2', ready: true });
    assert.deepEqual(await spawn({ attempt: 2, heartbeatDetails }), { outcome: 'gone' });
    assert.equal(sent('POST'), 0);
  });

  it('reads heartbeat details that can not be read as none (P8)', async () => {
    for (const heartbeatDetails of ['x', 7, null, { uid: 9 }, []]) {
      stored = null;
      assert.equal((await spawn({ attempt: 2, heartbeatDetails })).outcome, 'ready');
    }
  });

  it('gives a pod up at its deadline, counted from its creation', async () => {
    stored = podOfSmall({}, 61_000);
    await assert.rejects(spawn({ attempt: 2 }), { type: 'PodFailed', nonRetryable: true });
    const { body } = server.requests.at(-1) ?? {};
    const { preconditions } = JSON.parse(body ?? '{}') as { preconditions: unknown };
    assert.deepEqual(preconditions, { uid: 'small-0-uid', resourceVersion: '5' });
  });

  for (const changes of [{ ready: true }, { state: 'claimed' }]) {
    it(`keeps a pod past its deadline that turned ${Object.keys(changes).join()}`, async () => {
      stored = podOfSmall({}, 61_000);
      const late = podOfSmall({ ...changes, version: '6' }, 61_000);
      const { answer } = server;
      server.answer = (request, response) => {
        answer(request, response);
        stored = late;
      };
      assert.equal((await spawn({ attempt: 2 })).outcome, 'ready');
      assert.equal(sent('DELETE'), 0);
    });
  }

  for (const isShutdown of [true, false]) {
    it(`leaves its pod when it is cancelled${isShutdown ? ' by a shutdown, and hands over' : ''}`, async () => {
      stored = podOfSmall();
      const stop = new AbortController();
      const ended = spawn({ attempt: 2, cancelled: stop.signal, isShutdown });
      setTimeout(() => stop.abort(), 50);
      await assert.rejects(
        ended,
        isShutdown ? { type: 'HandOver', nextRetryDelay: '1ms' } : { name: 'CancelledFailure' },
      );
      assert.equal(sent('DELETE'), 0);
    });
  }

  // A claim of a few milliseconds: the pod was there again and gone before the wait had looked.
  it('tells of a pod that was Ready for a moment that it was', async () => {
    const { answer } = server;
    server.answer = (request, response) => {
      if (request.method !== 'POST') answer(request, response);
      else sendJson(response, podOfSmall(), 201);
    };
    const seen = toPodView(podOfSmall({ ready: true, version: '6' }));
    const cache = {
      get: () => undefined,
      waitFor: ({ until }: Parameters<PodCache['waitFor']>[0]) => Promise.resolve(until(seen)),
    } as unknown as PodCache;
    const result = await spawn({ cache });
    assert.equal(result.outcome === 'ready' && result.pod.version, '6');
  });

  it('traces the creation and the wait, with the steps of the start', async () => {
    const { answer } = server;
    server.answer = (request, response) => {
      if (request.method !== 'POST') answer(request, response);
      else sendJson(response, podOfSmall(), 201);
    };
    const seen = podOfSmall({ ready: true, version: '6' });
    const cache = {
      get: () => toPodView(seen),
      waitFor: () => Promise.resolve(undefined),
    } as unknown as PodCache;
    assert.equal((await spawn({ cache })).outcome, 'ready');
    const [trace] = traces;
    assert.equal(traces.length, 1);
    assert.deepEqual(trace?.facts, {
      'pilotlight.pool': 'small',
      'pilotlight.template': 'abc',
      'pilotlight.spawn.attempt': 1,
      'k8s.namespace.name': 'home',
      'k8s.pod.name': 'small-0',
      'pilotlight.outcome': 'ready',
    });
    const [create, wait] = trace.children;
    assert.deepEqual([create?.name, wait?.name], ['create pod', 'wait for Ready']);
    assert.deepEqual(create?.facts, { 'pilotlight.outcome': 'exists' });
    assert.deepEqual(wait?.notes, ['pulled', 'ready']);
    assert.deepEqual([trace.fault, create.fault, wait.fault], [null, null, null]);
  });

  it('traces why a pod failed, by its reason and without its words', async () => {
    stored = podOfSmall({}, 61_000);
    await assert.rejects(spawn({ attempt: 2 }), { type: 'PodFailed' });
    const [trace] = traces;
    assert.equal(trace?.fault, 'PodFailed: NotReady');
    assert.deepEqual(
      trace.children.map(({ name, fault }) => [name, fault]),
      [
        ['create pod', null],
        ['wait for Ready', 'PodFailed: NotReady'],
      ],
    );
    answerCreate = (_create, fail) => fail(422, 'Invalid');
    stored = null;
    await assert.rejects(spawn(), { type: 'PodRefused' });
    assert.equal(traces[0]?.fault, 'PodRefused: invalid');
    assert.equal(traces[0].children.length, 1);
  });

  it('touches nothing of another cluster', async () => {
    const activity = createSpawnPod({
      isAtWork,
      ...{ connection, cache: blind, clusterUid: 'other', metrics: uncounted },
      templates: { read: () => Promise.resolve(null) },
    });
    const about = { pool: 'small', namespace: 'home', cluster: 'c', podName: 'small-0' };
    await assert.rejects(
      runActivity(() => activity({ ...about, templateHash: 'a', uid: null, podReadySeconds: 5 })),
      { type: 'WrongCluster', nonRetryable: false },
    );
    assert.equal(server.requests.length, 0);
  });
});
