import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ApiClient, Body, Fields } from './api-client.ts';

const pods = '/api/v1/namespaces/default/pods';
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

/** What a claim relies on when it writes its pod and its record. */
export function claimContract(connect: () => ApiClient): void {
  let api: ApiClient;
  let name: string;

  async function create(metadata: Fields = {}, podName = name): Promise<Body> {
    const { code, body } = await api.call('POST', pods, {
      metadata: { name: podName, labels: { state: 'unclaimed' }, ...metadata },
      spec: {
        containers: [{ name: 'main', image: 'example.com/none:1' }],
        nodeSelector: { 'contract.example/nodes': 'none' },
        // A real scheduler would put its own condition before those that the tests write, now or later.
        schedulerName: 'nobody',
      },
    });
    assert.equal(code, 201, JSON.stringify(body));
    return body;
  }

  function patch(...operations: Fields[]): Promise<Answer> {
    return api.call('PATCH', `${pods}/${name}`, operations, 'application/json-patch+json');
  }

  async function report(status: 'True' | 'False'): Promise<void> {
    // The Ready condition is not the first, as with most kubelets.
    const conditions = [
      { type: 'Initialized', status: 'True' },
      { type: 'Ready', status },
    ];
    const type = 'application/merge-patch+json';
    const body = { status: { phase: 'Running', conditions } };
    const { code } = await api.call('PATCH', `${pods}/${name}/status`, body, type);
    assert.equal(code, 200);
  }

  /** Where the condition stands: a server may put others in front of it. */
  async function readyPath(): Promise<string> {
    const { body } = await api.call('GET', `${pods}/${name}`);
    const index = body.status?.conditions?.findIndex(({ type }) => type === 'Ready') ?? -1;
    return `/status/conditions/${index}`;
  }

  const test = (path: string, value: unknown): Fields => ({ op: 'test', path, value });
  const claim = { op: 'replace', path: '/metadata/labels/state', value: 'claimed' };

  before(() => {
    api = connect();
  });

  beforeEach(() => {
    name = `contract-${randomBytes(5).toString('hex')}`;
  });

  afterEach(async () => {
    await api.call('DELETE', `${pods}/${name}`, { gracePeriodSeconds: 0 });
    await api.call('DELETE', `${leases}/${name}`);
  });

  it('lets a patch of a pod test that it is Ready, by the index of the condition', async () => {
    await create();
    await report('False');
    const ready = await readyPath();
    const tests = [test(`${ready}/type`, 'Ready'), test(`${ready}/status`, 'True')];
    assert.equal((await patch(...tests, claim)).code, 422);
    await report('True');
    const { code, body } = await patch(...tests, claim);
    assert.deepEqual([code, body.metadata.labels['state']], [200, 'claimed']);
  });

  it('refuses a patch that tests a condition which is not there', async () => {
    await create();
    assert.equal((await patch(test('/status/conditions/9/type', 'Ready'), claim)).code, 422);
  });

  it('drops an empty map of annotations, to which nothing can be added then', async () => {
    const { metadata } = await create({ annotations: {} });
    assert.equal(metadata.annotations, undefined);
    const add = { op: 'add', path: '/metadata/annotations/note', value: 'x' };
    assert.equal((await patch(add)).code, 422);
    const map = { op: 'add', path: '/metadata/annotations', value: { note: 'x' } };
    assert.equal((await patch(test('/metadata/annotations', null), map)).code, 200);
    assert.equal((await patch(test('/metadata/annotations', null), map)).code, 422);
    assert.equal((await patch(add)).code, 200);
  });

  it('takes an owner off a pod by its index, if it is the one that was meant', async () => {
    const owner = (uid: string): Fields => ({
      apiVersion: 'example.com/v1',
      kind: 'Owner',
      name: uid,
      uid,
    });
    // Owners that do not exist would take the pod along; a finalizer keeps it for the test.
    const finalizers = ['contract.example/keep'];
    await create({ finalizers, ownerReferences: [owner('a'), owner('b')] });
    const remove = { op: 'remove', path: '/metadata/ownerReferences/1' };
    const isMeant = (uid: string): Fields => test('/metadata/ownerReferences/1/uid', uid);
    assert.equal((await patch(isMeant('a'), remove)).code, 422);
    assert.equal((await patch(isMeant('b'), remove)).code, 200);
    await patch({ op: 'remove', path: '/metadata/finalizers' });
  });

  describe('a Lease', () => {
    function lease(metadata: Fields = {}): Fields {
      const kind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
      return { ...kind, metadata: { name, ...metadata }, spec: {} };
    }

    it('is created once', async () => {
      assert.equal((await api.call('POST', leases, lease())).code, 201);
      const { code, body } = await api.call('POST', leases, lease());
      assert.deepEqual([code, body.reason], [409, 'AlreadyExists']);
    });

    it('is replaced only at the version named', async () => {
      const { body } = await api.call('POST', leases, lease());
      const { uid, resourceVersion } = body.metadata;
      const at = lease({ uid, resourceVersion, annotations: { note: 'x' } });
      assert.equal((await api.call('PUT', `${leases}/${name}`, at)).code, 200);
      const { code, body: refusal } = await api.call('PUT', `${leases}/${name}`, at);
      assert.deepEqual([code, refusal.reason], [409, 'Conflict']);
    });

    it('is created by a replacement that names no uid, and by none that names one', async () => {
      const resourceVersion = '1';
      const gone = lease({ uid: 'of-one-that-is-gone', resourceVersion });
      const { code, body } = await api.call('PUT', `${leases}/${name}`, gone);
      assert.deepEqual([code, body.reason], [409, 'Conflict']);
      assert.equal((await api.call('GET', `${leases}/${name}`)).code, 404);
      assert.equal((await api.call('PUT', `${leases}/${name}`, lease())).code, 201);
    });

    it('goes with the pod that owns it, not with the one that it was moved from', async () => {
      const ownedBy = ({ metadata }: Body): Fields => ({
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid },
        ],
      });
      const remove = ({ metadata }: Body): Promise<Answer> =>
        api.call('DELETE', `${pods}/${metadata.name}`, { gracePeriodSeconds: 0 });
      const first = await create({}, `${name}-first`);
      const second = await create({}, `${name}-second`);
      const { body } = await api.call('POST', leases, lease(ownedBy(first)));
      const { uid, resourceVersion } = body.metadata;
      const moved = lease({ uid, resourceVersion, ...ownedBy(second) });
      assert.equal((await api.call('PUT', `${leases}/${name}`, moved)).code, 200);
      await remove(first);
      // Garbage collection takes 20 ms on both clusters; this is ten times as long.
      await sleep(200);
      assert.equal((await api.call('GET', `${leases}/${name}`)).code, 200);
      await remove(second);
      await api.until(`${leases}/${name}`, ({ code }) => code === 404);
    });
  });
}
