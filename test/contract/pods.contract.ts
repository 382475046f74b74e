import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Answer, ApiClient, Body, Fields } from './api-client.ts';

const pods = '/api/v1/namespaces/default/pods';
const jsonPatch = 'application/json-patch+json';
const mergePatch = 'application/merge-patch+json';

interface NewPod extends Fields {
  metadata: { name?: string; generateName?: string; labels: Fields; annotations: Fields };
}

/** A pod that no node takes, under a name that no other run uses. */
function newPod(more: Fields = {}): NewPod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `contract-${randomBytes(5).toString('hex')}`,
      labels: { contract: 'yes', state: 'unclaimed' },
      annotations: { note: 'contract' },
    },
    spec: {
      containers: [{ name: 'main', image: 'example.com/none:1' }],
      nodeSelector: { 'contract.example/nodes': 'none' },
      ...more,
    },
  };
}

/** What Pilotlight relies on when it writes pods; `connect` gives the cluster to hold to it. */
export function podContract(connect: () => ApiClient): void {
  let api: ApiClient;
  const created: string[] = [];

  async function create(pod: NewPod = newPod()): Promise<Body> {
    const { code, body } = await api.call('POST', pods, pod);
    assert.equal(code, 201, JSON.stringify(body));
    created.push(body.metadata.name);
    return body;
  }

  before(() => {
    api = connect();
  });

  afterEach(async () => {
    for (const name of created.splice(0)) {
      await api.call('DELETE', `${pods}/${name}`, { gracePeriodSeconds: 0 });
    }
  });

  it('answers 409 AlreadyExists when a name is taken', async () => {
    const pod = newPod();
    await create(pod);
    const { code, body } = await api.call('POST', pods, pod);
    assert.deepEqual([code, body.reason], [409, 'AlreadyExists']);
  });

  it('creates nothing on a dry run', async () => {
    const pod = newPod();
    const { code, body } = await api.call('POST', `${pods}?dryRun=All`, pod);
    assert.equal(code, 201);
    assert.equal(body.metadata.name, pod.metadata.name);
    const read = await api.call('GET', `${pods}/${body.metadata.name}`);
    assert.deepEqual([read.code, read.body.reason], [404, 'NotFound']);
  });

  it('refuses a field that pods do not have with 400 and names it, when asked to be strict', async () => {
    const container = { name: 'main', image: 'x', imagePullPolice: 'Always' };
    const pod = newPod({ containers: [container] });
    const { code, body } = await api.call('POST', `${pods}?fieldValidation=Strict`, pod);
    assert.deepEqual([code, body.reason], [400, 'BadRequest']);
    assert.match(body.message, /unknown field "spec\.containers\[0\]\.imagePullPolice"/);
  });

  for (const [what, change, field] of [
    ['no containers', { containers: [] }, 'spec.containers'],
    ['no image', { containers: [{ name: 'main' }] }, 'spec.containers[0].image'],
    [
      'a bad container name',
      { containers: [{ name: 'Main', image: 'x' }] },
      'spec.containers[0].name',
    ],
  ] as const) {
    it(`refuses a pod with ${what} with 422 and names the field`, async () => {
      const { code, body } = await api.call('POST', `${pods}?dryRun=All`, newPod(change));
      assert.deepEqual([code, body.reason], [422, 'Invalid']);
      const fields = body.details.causes.map((cause) => cause.field);
      assert.ok(fields.includes(field), JSON.stringify(fields));
    });
  }

  it('refuses a bad label value with 422', async () => {
    const pod = newPod();
    pod.metadata.labels.bad = 'not valid!';
    const { code, body } = await api.call('POST', pods, pod);
    assert.deepEqual([code, body.details.causes[0]?.field], [422, 'metadata.labels']);
  });

  it('makes a name from generateName', async () => {
    const pod = newPod();
    delete pod.metadata.name;
    pod.metadata.generateName = 'contract-made-';
    const body = await create(pod);
    assert.match(body.metadata.name, /^contract-made-[a-z0-9]{5}$/);
  });

  it('lets a conditional JSON patch win once and lose with 422 afterwards', async () => {
    const { metadata } = await create();
    const claim = [
      { op: 'test', path: '/metadata/uid', value: metadata.uid },
      { op: 'test', path: '/metadata/deletionTimestamp', value: null },
      { op: 'test', path: '/metadata/labels/state', value: 'unclaimed' },
      { op: 'replace', path: '/metadata/labels/state', value: 'claimed' },
      { op: 'add', path: '/metadata/annotations/contract.example~1claim', value: 'c1' },
    ];
    const path = `${pods}/${metadata.name}`;
    const won = await api.call('PATCH', path, claim, jsonPatch);
    assert.equal(won.code, 200, JSON.stringify(won.body));
    assert.equal(won.body.metadata.annotations['contract.example/claim'], 'c1');
    const lost = await api.call('PATCH', path, claim, jsonPatch);
    assert.deepEqual([lost.code, lost.body.reason], [422, 'Invalid']);
  });

  it('gives the label to exactly one of many patches at once', async () => {
    const { metadata } = await create();
    const claim = [
      { op: 'test', path: '/metadata/labels/state', value: 'unclaimed' },
      { op: 'replace', path: '/metadata/labels/state', value: 'claimed' },
    ];
    const tries = Array.from({ length: 20 }, () =>
      api.call('PATCH', `${pods}/${metadata.name}`, claim, jsonPatch),
    );
    const codes = (await Promise.all(tries)).map(({ code }) => code).sort();
    assert.deepEqual(codes, [200, ...Array.from({ length: 19 }, () => 422)]);
  });

  it('refuses a JSON patch whose parent is missing with 422', async () => {
    const { metadata } = await create();
    const patch = [{ op: 'add', path: '/metadata/nothing/here', value: 'x' }];
    const { code } = await api.call('PATCH', `${pods}/${metadata.name}`, patch, jsonPatch);
    assert.equal(code, 422);
  });

  it('refuses a merge patch and a PUT of an old version with 409', async () => {
    const pod = await create();
    const path = `${pods}/${pod.metadata.name}`;
    const change = { metadata: { labels: { a: 'b' } } };
    assert.equal((await api.call('PATCH', path, change, mergePatch)).code, 200);
    const { resourceVersion } = pod.metadata;
    const stale = { metadata: { resourceVersion, labels: { a: 'c' } } };
    const patched = await api.call('PATCH', path, stale, mergePatch);
    assert.deepEqual([patched.code, patched.body.reason], [409, 'Conflict']);
    const put = await api.call('PUT', path, pod);
    assert.deepEqual([put.code, put.body.reason], [409, 'Conflict']);
  });

  it('refuses to change a fixed field of a pod with 422', async () => {
    const { metadata } = await create();
    const patch = { spec: { hostNetwork: true } };
    const { code, body } = await api.call('PATCH', `${pods}/${metadata.name}`, patch, mergePatch);
    assert.deepEqual([code, body.reason], [422, 'Invalid']);
  });

  it('refuses a delete whose uid or version does not hold with 409', async () => {
    const { metadata } = await create();
    const path = `${pods}/${metadata.name}`;
    for (const preconditions of [
      { uid: '00000000-0000-0000-0000-000000000000' },
      { uid: metadata.uid, resourceVersion: '1' },
    ]) {
      const { code, body } = await api.call('DELETE', path, { preconditions });
      assert.deepEqual([code, body.reason], [409, 'Conflict']);
    }
    assert.equal((await api.call('GET', path)).code, 200);
  });

  it('removes an unscheduled pod at once, also with a grace period', async () => {
    const { metadata } = await create();
    const path = `${pods}/${metadata.name}`;
    const preconditions = { uid: metadata.uid };
    const { code } = await api.call('DELETE', path, { preconditions, gracePeriodSeconds: 30 });
    assert.equal(code, 200);
    assert.equal((await api.call('GET', path)).code, 404);
    assert.equal((await api.call('DELETE', path)).code, 404);
  });

  it('marks a pod that fits no node Unschedulable and says why', async () => {
    const { metadata } = await create();
    const isMarked = ({ body }: Answer): boolean =>
      (body.status?.conditions ?? []).some(
        ({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable',
      );
    const { body } = await api.until(`${pods}/${metadata.name}`, isMarked);
    const message = body.status?.conditions?.[0]?.message ?? '';
    assert.match(message, /^(0\/\d+ nodes are available: |no nodes available)/);
  });

  it('removes what a deleted pod owns', async () => {
    const { metadata } = await create();
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    const { name, uid } = metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name, uid }];
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, ownerReferences },
      spec: {},
    };
    assert.equal((await api.call('POST', leases, lease)).code, 201);
    await api.call('DELETE', `${pods}/${name}`);
    const { body } = await api.until(`${leases}/${name}`, ({ code }) => code === 404);
    assert.equal(body.reason, 'NotFound');
    assert.equal((await api.call('POST', leases, lease)).code, 201, 'it may come after its owner');
    const late = await api.until(`${leases}/${name}`, ({ code }) => code === 404);
    assert.equal(late.body.reason, 'NotFound');
  });
}
