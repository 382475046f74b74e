import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../dev/clusters/cluster.ts';
import { startSimulatedCluster } from '../../dev/clusters/simulated.ts';
import { type Answer, ApiClient, type Body, type Fields } from './api-client.ts';
import { describeContract } from './describe-contract.ts';

/** Another cluster to hold to the contract, instead of the simulated one. */
const otherKubeconfig = process.env['PILOTLIGHT_CONTRACT_KUBECONFIG'];

describe(`contract of the ${otherKubeconfig === undefined ? 'simulated' : 'given'} cluster`, () => {
  let stateDir: string;
  let cluster: Cluster | null = null;
  let api: ApiClient;

  before(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'pilotlight-contract-'));
    if (otherKubeconfig === undefined) {
      cluster = await startSimulatedCluster({ stateDir, nodeDelaySeconds: 1 });
    }
    api = await ApiClient.fromKubeconfig(otherKubeconfig ?? cluster?.kubeconfigPath ?? '');
  });

  after(async () => {
    await api.close();
    await cluster?.stop();
    await rm(stateDir, { recursive: true });
  });

  describeContract(() => api);
});

describe('the simulated cluster', () => {
  const pods = '/api/v1/namespaces/default/pods';
  let stateDir: string;
  let cluster: Cluster;
  let api: ApiClient;

  function pod(name: string, metadata: Fields = {}, spec: Fields = {}): Fields {
    const containers = [{ name: 'main', image: 'example.com/none:1' }];
    return { metadata: { name, ...metadata }, spec: { containers, ...spec } };
  }

  const isReady = ({ body }: Answer): boolean =>
    (body.status?.conditions ?? []).some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );

  before(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'pilotlight-simulated-'));
    cluster = await startSimulatedCluster({ stateDir, nodeDelaySeconds: 1 });
    api = await ApiClient.fromKubeconfig(cluster.kubeconfigPath);
  });

  after(async () => {
    await api.close();
    await cluster.stop();
    await rm(stateDir, { recursive: true });
  });

  it('loses no acknowledged write when it is killed, and its version does not go back', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => api.call('POST', pods, pod(`kept-${index}`))),
    );
    assert.ok(answers.every(({ code }) => code === 201));
    const before = await api.call('GET', pods);
    await cluster.apiServer?.kill();
    await cluster.apiServer?.start();
    const after = await api.call('GET', pods);
    const uids = (list: Body): string[] => list.items.map(({ metadata }) => metadata.uid);
    assert.deepEqual(uids(after.body), uids(before.body));
    const versionOf = ({ body }: Answer): number => Number(body.metadata.resourceVersion);
    assert.ok(versionOf(after) >= versionOf(before));
    await api.call('DELETE', pods);
  });

  // Only here: a young control plane has compacted nothing and still remembers its first versions.
  it('refuses a watch from a version that it has forgotten with 410', async () => {
    const watch = await api.watch(`${pods}?watch=true&resourceVersion=1`);
    const event = await watch.next(() => true);
    watch.close();
    assert.deepEqual([event.type, event.object.code], ['ERROR', 410]);
  });

  it('refuses a caller with another token', async () => {
    const stranger = await ApiClient.fromKubeconfig(cluster.kubeconfigPath, 'guessed');
    const { code, body } = await stranger.call('GET', pods);
    await stranger.close();
    assert.deepEqual([code, body.reason], [401, 'Unauthorized']);
  });

  it('takes 300 creates at once in under two seconds', async () => {
    const startedAtMs = Date.now();
    const creates = Array.from({ length: 300 }, (_, index) =>
      api.call('POST', pods, pod(`many-${index}`)),
    );
    const answers = await Promise.all(creates);
    const tookMs = Date.now() - startedAtMs;
    await api.call('DELETE', pods);
    assert.ok(answers.every(({ code }) => code === 201));
    assert.ok(tookMs < 2_000, `took ${tookMs} ms`);
  });

  it('makes a pod Ready after its delay, not before', async () => {
    const annotations = { 'sim.pilotlight.example/ready-delay': '500ms' };
    const startedAtMs = Date.now();
    await api.call('POST', pods, pod('delayed', { annotations }));
    await api.until(`${pods}/delayed`, isReady);
    assert.ok(Date.now() - startedAtMs >= 500);
    await api.call('DELETE', `${pods}/delayed`);
  });

  for (const [fault, reason] of [
    ['image-pull', 'ImagePullBackOff'],
    ['crash-loop', 'CrashLoopBackOff'],
  ] as const) {
    it(`plays ${fault} as ${reason}`, async () => {
      const labels = { 'sim.pilotlight.example/fault': fault };
      await api.call('POST', pods, pod(fault, { labels }));
      const { body } = await api.until(`${pods}/${fault}`, (answer) =>
        Boolean(answer.body.status?.containerStatuses),
      );
      assert.equal(body.status?.containerStatuses?.[0]?.state.waiting?.reason, reason);
      await api.call('DELETE', `${pods}/${fault}`);
    });
  }

  it('adds a node of its own for every exclusive pod, and takes the pod along when it dies', async () => {
    const labels = { app: 'alone' };
    const spec = {
      nodeSelector: { 'pilotlight.example/nodes': 'exclusive' },
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
          ],
        },
      },
    };
    const startedAtMs = Date.now();
    for (const name of ['alone-1', 'alone-2']) {
      await api.call('POST', pods, pod(name, { labels }, spec));
    }
    const first = await api.until(`${pods}/alone-1`, isReady);
    const second = await api.until(`${pods}/alone-2`, isReady);
    assert.ok(Date.now() - startedAtMs >= 1_000, 'no node comes before its delay of a second');
    const nodeOf = ({ body }: Answer): string => body.spec.nodeName;
    assert.deepEqual([nodeOf(first), nodeOf(second)].sort(), ['exclusive-1', 'exclusive-2']);
    await api.call('DELETE', `/api/v1/nodes/${nodeOf(first)}`);
    const gone = await api.until(`${pods}/alone-1`, ({ code }) => code === 404);
    assert.equal(gone.body.reason, 'NotFound');
  });

  it('marks a placed pod as being deleted before it goes', async () => {
    await api.call('POST', pods, pod('placed'));
    await api.until(`${pods}/placed`, isReady);
    const { body } = await api.call('DELETE', `${pods}/placed`);
    assert.ok(body.metadata.deletionTimestamp);
    const { code } = await api.until(`${pods}/placed`, (answer) => answer.code === 404);
    assert.equal(code, 404);
  });
});
