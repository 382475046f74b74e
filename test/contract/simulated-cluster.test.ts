import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../dev/clusters/cluster.ts';
import { startSimulatedCluster } from '../../dev/clusters/simulated.ts';
import { ApiClient, type Json } from './api-client.ts';
import { podContract } from './pods.contract.ts';
import { watchContract } from './watch.contract.ts';

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

  describe('pods', () => podContract(() => api));
  describe('lists and watches', () => watchContract(() => api));
});

describe('the simulated cluster', () => {
  const pods = '/api/v1/namespaces/default/pods';
  let stateDir: string;
  let cluster: Cluster;
  let api: ApiClient;

  function pod(name: string, metadata: Json = {}, spec: Json = {}): Json {
    const containers = [{ name: 'main', image: 'example.com/none:1' }];
    return { metadata: { name, ...metadata }, spec: { containers, ...spec } };
  }

  const isReady = ({ body }: { body: Json }): boolean =>
    ((body['status']?.conditions ?? []) as Json[]).some(
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
    const uids = (list: Json): string[] =>
      (list['items'] as Json[]).map(({ metadata }) => metadata.uid as string);
    assert.deepEqual(uids(after.body), uids(before.body));
    const versionOf = ({ body }: { body: Json }): number =>
      Number(body['metadata'].resourceVersion);
    assert.ok(versionOf(after) >= versionOf(before));
    await api.call('DELETE', pods);
  });

  it('refuses a caller without its token', async () => {
    const stranger = await ApiClient.fromKubeconfig(cluster.kubeconfigPath);
    const { code } = await stranger.call('GET', pods);
    await stranger.close();
    assert.equal(code, 200);
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
        Boolean(answer.body['status'].containerStatuses),
      );
      assert.equal(body['status'].containerStatuses[0].state.waiting.reason, reason);
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
    for (const name of ['alone-1', 'alone-2']) {
      await api.call('POST', pods, pod(name, { labels }, spec));
    }
    const first = await api.until(`${pods}/alone-1`, isReady);
    const second = await api.until(`${pods}/alone-2`, isReady);
    const nodeOf = ({ body }: { body: Json }): string => body['spec'].nodeName as string;
    assert.deepEqual([nodeOf(first), nodeOf(second)].sort(), ['exclusive-1', 'exclusive-2']);
    await api.call('DELETE', `/api/v1/nodes/${nodeOf(first)}`);
    const gone = await api.until(`${pods}/alone-1`, ({ code }) => code === 404);
    assert.equal(gone.body['reason'], 'NotFound');
  });

  it('marks a placed pod as being deleted before it goes', async () => {
    await api.call('POST', pods, pod('placed'));
    await api.until(`${pods}/placed`, isReady);
    const { body } = await api.call('DELETE', `${pods}/placed`);
    assert.ok(body['metadata'].deletionTimestamp);
    const { code } = await api.until(`${pods}/placed`, (answer) => answer.code === 404);
    assert.equal(code, 404);
  });
});
