import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Answer, ApiClient, Body, Fields } from './api-client.ts';

const pods = '/api/v1/namespaces/default/pods';
const fault = 'sim.pilotlight.example/fault';

/** What Pilotlight relies on when pods live on nodes; `connect` gives the cluster to hold to it. */
export function podLifeContract(connect: () => ApiClient): void {
  let api: ApiClient;
  const created: string[] = [];

  /** A pod on a shared node. */
  async function create(metadata: Fields = {}, spec: Fields = {}): Promise<string> {
    const name = `contract-${randomBytes(5).toString('hex')}`;
    const { code, body } = await api.call('POST', pods, {
      metadata: { name, annotations: {}, ...metadata },
      spec: {
        nodeSelector: { 'pilotlight.example/nodes': 'shared' },
        containers: [{ name: 'main', image: 'example.com/none:1' }],
        ...spec,
      },
    });
    assert.equal(code, 201, JSON.stringify(body));
    created.push(name);
    return `${pods}/${name}`;
  }

  before(() => {
    api = connect();
  });

  afterEach(async () => {
    for (const name of created.splice(0)) {
      await api.call('DELETE', `${pods}/${name}`, { gracePeriodSeconds: 0 });
    }
  });

  it('makes a pod Ready on its node, with an address and its container started', async () => {
    const { body } = await api.until(await create(), isReady);
    assert.equal(body.status?.phase, 'Running');
    assert.match(body.spec.nodeName, /^shared-\d+$/);
    assert.match(body.status.podIP ?? '', /^\d+\.\d+\.\d+\.\d+$/);
    assert.equal(condition(body, 'PodScheduled'), 'True');
    assert.equal(condition(body, 'ContainersReady'), 'True');
    assert.equal(body.status.containerStatuses?.[0]?.ready, true);
    assert.ok(body.status.startTime);
  });

  it('says ContainerCreating of a slow pod and makes it Ready after its delay, not before', async () => {
    const startedAtMs = Date.now();
    const annotations = { 'sim.pilotlight.example/ready-delay': '2s' };
    const path = await create({ annotations });
    const starting = await api.until(path, (answer) => waitingFor(answer) !== undefined);
    assert.equal(waitingFor(starting), 'ContainerCreating');
    assert.equal(condition(starting.body, 'Ready'), 'False');
    const { body } = await api.until(path, isReady);
    assert.ok(Date.now() - startedAtMs >= 2_000);
    assert.equal(body.status?.conditions?.find(({ type }) => type === 'Ready')?.reason ?? '', '');
  });

  for (const [kind, reason, phase] of [
    ['image-pull', 'ImagePullBackOff', 'Pending'],
    ['crash-loop', 'CrashLoopBackOff', 'Running'],
  ] as const) {
    it(`plays ${kind} as ${reason}`, async () => {
      const path = await create({ labels: { [fault]: kind } });
      const { body } = await api.until(path, (answer) => waitingFor(answer) === reason);
      assert.equal(body.status?.phase, phase);
      assert.equal(condition(body, 'Ready'), 'False');
      assert.match(
        body.status.containerStatuses?.[0]?.state.waiting?.message ?? '',
        /^[Bb]ack-off /,
      );
    });
  }

  it('plays never-ready as a pod that runs and is not Ready', async () => {
    const path = await create({ labels: { [fault]: 'never-ready' } });
    const { body } = await api.until(path, ({ body: seen }) => seen.status?.phase === 'Running');
    assert.equal(condition(body, 'Ready'), 'False');
    assert.equal(body.status?.containerStatuses?.[0]?.ready, false);
  });

  it('marks a pod on a node as being deleted with its grace period, and removes it soon', async () => {
    const path = await create();
    const { body: before } = await api.until(path, isReady);
    const watch = await api.watch(
      `${pods}?watch=true&fieldSelector=metadata.name%3D${before.metadata.name}&resourceVersion=${before.metadata.resourceVersion}`,
    );
    const { code, body } = await api.call('DELETE', path, { gracePeriodSeconds: 20 });
    assert.equal(code, 200);
    assert.equal(body.metadata.deletionGracePeriodSeconds, 20);
    const leftMs = Date.parse(body.metadata.deletionTimestamp ?? '') - Date.now();
    assert.ok(leftMs > 15_000 && leftMs <= 21_000, `it ends in ${leftMs} ms`);
    const marked = await watch.next(() => true);
    assert.equal(marked.type, 'MODIFIED');
    assert.ok(marked.object.metadata.deletionTimestamp);
    const gone = await watch.next(({ type }) => type === 'DELETED');
    watch.close();
    assert.equal(gone.object.metadata.uid, before.metadata.uid);
    assert.equal((await api.call('GET', path)).code, 404);
  });

  it('removes a pod on a node at once with a grace period of 0', async () => {
    const path = await create();
    await api.until(path, isReady);
    await api.call('DELETE', path, { gracePeriodSeconds: 0 });
    assert.equal((await api.call('GET', path)).code, 404);
  });

  it('keeps a pod with a finalizer, marked, until the finalizer goes', async () => {
    const path = await create({ finalizers: ['contract.example/hold'] });
    await api.until(path, isReady);
    await api.call('DELETE', path, { gracePeriodSeconds: 0 });
    const { code, body } = await api.call('GET', path);
    assert.equal(code, 200);
    assert.ok(body.metadata.deletionTimestamp);
    const patch = { metadata: { finalizers: null } };
    await api.call('PATCH', path, patch, 'application/merge-patch+json');
    await api.until(path, (answer) => answer.code === 404);
  });

  it('evicts a pod with 201 and ends it, and answers 404 for one that is not there', async () => {
    const path = await create();
    const { body } = await api.until(path, isReady);
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: body.metadata.name, namespace: 'default' },
    };
    const evicted = await api.call('POST', `${path}/eviction`, eviction);
    assert.equal(evicted.code, 201, JSON.stringify(evicted.body));
    await api.until(path, ({ code }) => code === 404);
    const again = await api.call('POST', `${path}/eviction`, eviction);
    assert.deepEqual([again.code, again.body.reason], [404, 'NotFound']);
  });

  it('tells its time in whole seconds with each answer', async () => {
    const { date } = await api.call('GET', `${pods}?limit=1`);
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 5_000, `Date: ${date}`);
  });
}

function isReady({ body }: Answer): boolean {
  return condition(body, 'Ready') === 'True';
}

function condition(body: Body, wanted: string): string | undefined {
  return body.status?.conditions?.find(({ type }) => type === wanted)?.status;
}

function waitingFor({ body }: Answer): string | undefined {
  return body.status?.containerStatuses?.[0]?.state.waiting?.reason;
}
