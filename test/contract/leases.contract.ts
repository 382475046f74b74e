import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ApiClient, Body, Fields } from './api-client.ts';

const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

/** What claims rely on when they keep records in Leases; `connect` gives the cluster to hold to it. */
export function leaseContract(connect: () => ApiClient): void {
  let api: ApiClient;
  let run: string;

  const lease = (holderIdentity: string, metadata: Fields = {}): Fields => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: `contract-${run}`, labels: { run }, ...metadata },
    spec: { holderIdentity },
  });

  async function create(): Promise<Body> {
    const { code, body } = await api.call('POST', leases, lease('one'));
    assert.equal(code, 201, JSON.stringify(body));
    return body;
  }

  before(() => {
    api = connect();
  });

  beforeEach(() => {
    run = randomBytes(4).toString('hex');
  });

  afterEach(async () => {
    await api.call('DELETE', `${leases}?labelSelector=run%3D${run}`);
  });

  it('gives a name to exactly one of many creations at once', async () => {
    const tries = Array.from({ length: 10 }, (_, index) =>
      api.call('POST', leases, lease(`holder-${index}`)),
    );
    const answers = await Promise.all(tries);
    const codes = answers.map(({ code }) => code).sort();
    assert.deepEqual(codes, [201, ...Array.from({ length: 9 }, () => 409)]);
    const lost = answers.find(({ code }) => code === 409);
    assert.equal(lost?.body.reason, 'AlreadyExists');
  });

  it('refuses an update that names another uid with 409, so that a namesake is not taken over', async () => {
    const { metadata } = await create();
    const path = `${leases}/${metadata.name}`;
    const uid = '00000000-0000-0000-0000-000000000000';
    const { code, body } = await api.call('PUT', path, lease('two', { uid }));
    assert.deepEqual([code, body.reason], [409, 'Conflict']);
  });

  it('lists and watches by label, and deletes under a uid', async () => {
    const { body: list } = await api.call('GET', `${leases}?labelSelector=run%3D${run}`);
    const from = list.metadata.resourceVersion;
    const { metadata } = await create();
    const watch = await api.watch(
      `${leases}?watch=true&labelSelector=run%3D${run}&resourceVersion=${from}`,
    );
    assert.equal((await watch.next(() => true)).type, 'ADDED');
    const path = `${leases}/${metadata.name}`;
    const wrong = { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } };
    assert.equal((await api.call('DELETE', path, wrong)).code, 409);
    const right = { preconditions: { uid: metadata.uid } };
    assert.equal((await api.call('DELETE', path, right)).code, 200);
    assert.equal((await watch.next(() => true)).type, 'DELETED');
    watch.close();
  });
}
