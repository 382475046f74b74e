import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { uncounted } from '../../src/activities/activity-metrics.ts';
import { createRetirePod } from '../../src/activities/retire-pod.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import type { RetireResult } from '../../src/pool/actions.ts';
import { annotations } from '../../src/pool/labels.ts';
import { fakePod, type FakePod } from '../kubernetes/fake-pod.ts';
import {
  eventually,
  FaultyApiServer,
  sendJson,
  sendStatus,
} from '../kubernetes/faulty-api-server.ts';
import { runActivity } from './run-activity.ts';

const second = 1_000;
const hour = 3_600 * second;

/** A pod that somebody holds until an instant. */
function held(version: string, leaseEndsAtMs: number): FakePod {
  const pod = fakePod({ name: 'small-0', version, ready: true, state: 'claimed' });
  const endsAt = new Date(leaseEndsAtMs).toISOString();
  Object.assign(pod.metadata, { annotations: { [annotations.leaseExpiresAt]: endsAt } });
  return pod;
}

describe('retirePod', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;
  /** The pod as each read gives it; the last one repeats. */
  let reads: FakePod[];
  /** Status codes of deletions; the last one repeats. */
  let codes: number[];
  /** By how much the API server's clock is ahead of ours. */
  let aheadMs: number;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
    [reads, codes, aheadMs] = [[], [200], 0];
    const next = <T>(items: T[]): T | undefined => (items.length > 1 ? items.shift() : items[0]);
    server.answer = ({ method }, response) => {
      response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
      const pod = method === 'GET' ? next(reads) : undefined;
      const code = method === 'GET' ? 404 : (next(codes) ?? 200);
      if (pod !== undefined) sendJson(response, pod);
      else if (code === 200) sendJson(response, { kind: 'Status' });
      else sendStatus(response, code, code === 409 ? 'Conflict' : 'Failure');
    };
  });
  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  const retire = (isLeaseOver?: boolean, cluster = 'c'): Promise<RetireResult> => {
    const activity = createRetirePod({ connection, clusterUid: 'c', metrics: uncounted });
    const about = { pool: 'small', namespace: 'home', podName: 'small-0', uid: 'small-0-uid' };
    const wish = { onlyIfNotReady: false, ...(isLeaseOver === undefined ? {} : { isLeaseOver }) };
    return runActivity(() => activity({ ...about, cluster, ...wish }));
  };
  it('is counted by its reason and what became of it', async () => {
    const counted: string[][] = [];
    const activity = createRetirePod({
      ...{ connection, clusterUid: 'c' },
      metrics: { ...uncounted, countRetirement: (...what) => counted.push(what) },
    });
    const about = { pool: 'small', namespace: 'home', cluster: 'c', podName: 'small-0', uid: 'u' };
    await runActivity(() => activity({ ...about, onlyIfNotReady: false, reason: 'surplus' }));
    // An older release's workflow does not say why.
    await runActivity(() => activity({ ...about, onlyIfNotReady: false }));
    assert.deepEqual(counted, [
      ['small', 'surplus', 'gone'],
      ['small', 'unknown', 'gone'],
    ]);
  });

  const deletedVersions = (): unknown[] =>
    server.requests.flatMap(({ method, body }) => {
      if (method !== 'DELETE') return [];
      const { preconditions } = JSON.parse(body) as { preconditions: { resourceVersion: string } };
      return [preconditions.resourceVersion];
    });

  it('ends a pod whose lease is over, under the version it has judged (E2, P4)', async () => {
    reads = [held('5', Date.now() - hour)];
    assert.equal((await retire(true)).outcome, 'deleted');
    assert.deepEqual(deletedVersions(), ['5']);
  });

  it('leaves a pod whose lease was renewed before it was read (P3)', async () => {
    reads = [held('5', Date.now() + hour)];
    assert.equal((await retire(true)).outcome, 'renewedMeanwhile');
    assert.deepEqual(deletedVersions(), []);
  });

  it('leaves a pod whose lease was renewed between reading and deleting (P3)', async () => {
    reads = [held('5', Date.now() - hour), held('6', Date.now() + hour)];
    codes = [409];
    const result = await retire(true);
    assert.ok(result.outcome === 'renewedMeanwhile' && result.pod.version === '6');
    assert.deepEqual(deletedVersions(), ['5']);
  });

  it('judges a lease by the clock of the API server, whatever ours says (E2)', async () => {
    aheadMs = -2 * hour;
    reads = [held('5', Date.now() - hour)];
    assert.equal((await retire(true)).outcome, 'renewedMeanwhile');
    aheadMs = 2 * hour;
    reads = [held('5', Date.now() + hour)];
    assert.equal((await retire(true)).outcome, 'deleted');
  });

  it('takes no lease for over within 2 s of its end: a renewal may be on its way (E1)', async () => {
    reads = [held('5', Date.now())];
    assert.equal((await retire(true)).outcome, 'renewedMeanwhile');
  });

  it('takes a claim without a lease for one that never ends', async () => {
    reads = [fakePod({ name: 'small-0', version: '5', state: 'claimed' })];
    assert.equal((await retire(true)).outcome, 'renewedMeanwhile');
    assert.deepEqual(deletedVersions(), []);
  });

  it('leaves a claimed pod when it was not told of leases, as by an older release (P3)', async () => {
    reads = [held('5', Date.now() - hour)];
    assert.equal((await retire()).outcome, 'claimedMeanwhile');
    assert.equal((await retire(false)).outcome, 'claimedMeanwhile');
    assert.deepEqual(deletedVersions(), []);
  });

  it('tries again later when the pod changes each time, and tells Temporal so', async () => {
    reads = [fakePod({ name: 'small-0', version: '5' })];
    codes = [409];
    await assert.rejects(retire(), { type: 'ClusterUnavailable', nonRetryable: false });
    assert.equal(deletedVersions().length, 8);
  });

  // Retiring 200 surplus pods took all 16 connections, which creates and lists share.
  it('retires at most 6 pods at once, and the others after them', async () => {
    const open: ServerResponse[] = [];
    server.answer = ({ method }, response) => {
      if (method === 'GET') sendJson(response, fakePod({ name: 'small-0', version: '5' }));
      else open.push(response);
    };
    const activity = createRetirePod({ connection, clusterUid: 'c', metrics: uncounted });
    const input = { pool: 'small', namespace: 'home', cluster: 'c', podName: 'small-0' };
    const pod = { ...input, uid: 'small-0-uid', onlyIfNotReady: false };
    const all = Array.from({ length: 20 }, () => runActivity(() => activity(pod)));
    let most = 0;
    for (let ended = 0; ended < 20; ended += 1) {
      await eventually('a deletion', () => open.length > 0 && server.requests.length >= 12);
      most = Math.max(most, open.length);
      sendJson(open.shift()!, { kind: 'Status' });
    }
    assert.equal((await Promise.all(all)).length, 20);
    assert.equal(most, 6);
  });

  it('tries again later when the API server is in trouble', async () => {
    reads = [fakePod({ name: 'small-0', version: '5' })];
    codes = [503];
    await assert.rejects(retire(), { type: 'ClusterUnavailable', nonRetryable: false });
  });

  it('touches nothing of another cluster', async () => {
    await assert.rejects(retire(false, 'other'), { type: 'WrongCluster', nonRetryable: false });
    assert.equal(server.requests.length, 0);
  });
});
