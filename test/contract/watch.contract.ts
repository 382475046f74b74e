import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ApiClient, Body, Fields } from './api-client.ts';

const maps = '/api/v1/namespaces/default/configmaps';

/** What Pilotlight relies on when it lists and watches; `connect` gives the cluster to hold to it. */
export function watchContract(connect: () => ApiClient): void {
  let api: ApiClient;
  let run: string;

  async function create(suffix: string, labels: Fields = {}): Promise<Body> {
    const metadata = { name: `contract-${run}-${suffix}`, labels: { run, ...labels } };
    const { code, body } = await api.call('POST', maps, { metadata, data: {} });
    assert.equal(code, 201, JSON.stringify(body));
    return body;
  }

  async function names(query: string): Promise<string[]> {
    const { code, body } = await api.call('GET', `${maps}?${query}`);
    assert.equal(code, 200, JSON.stringify(body));
    return body.items.map(({ metadata }) => metadata.name.slice(-1));
  }

  before(() => {
    api = connect();
  });

  beforeEach(() => {
    run = randomBytes(4).toString('hex');
  });

  afterEach(async () => {
    await api.call('DELETE', `${maps}?labelSelector=run%3D${run}`);
  });

  it('selects by labels: equal, in, notin, present, absent', async () => {
    await create('a', { kind: 'x', extra: 'yes' });
    await create('b', { kind: 'y' });
    await create('c');
    const select = (text: string): Promise<string[]> =>
      names(`labelSelector=${encodeURIComponent(`run=${run},${text}`)}`);
    assert.deepEqual(await select('kind=x'), ['a']);
    assert.deepEqual(await select('kind in (x,y)'), ['a', 'b']);
    assert.deepEqual(await select('kind notin (x)'), ['b', 'c']);
    assert.deepEqual(await select('kind!=x'), ['b', 'c']);
    assert.deepEqual(await select('extra'), ['a']);
    assert.deepEqual(await select('!kind'), ['c']);
  });

  it('selects by the name field', async () => {
    await create('a');
    await create('b');
    assert.deepEqual(await names(`fieldSelector=metadata.name%3Dcontract-${run}-b`), ['b']);
  });

  it('selects cordoned nodes, and shows one that is uncordoned as deleted', async () => {
    const name = `contract-${run}`;
    const path = `/api/v1/nodes/${name}`;
    const cordoned = `fieldSelector=${encodeURIComponent('spec.unschedulable=true')}`;
    const cordon = (unschedulable: boolean): Promise<unknown> =>
      api.call('PATCH', path, { spec: { unschedulable } }, 'application/merge-patch+json');
    await api.call('POST', '/api/v1/nodes', { metadata: { name }, spec: {} });
    const watch = await api.watch(`/api/v1/nodes?watch=true&${cordoned}&resourceVersion=0`);
    await cordon(true);
    const added = await watch.next(({ object }) => object.metadata.name === name);
    const { body } = await api.call('GET', `/api/v1/nodes?${cordoned}`);
    await cordon(false);
    const gone = await watch.next(({ type }) => type === 'DELETED');
    watch.close();
    await api.call('DELETE', path);
    assert.equal(added.type, 'ADDED');
    assert.ok(body.items.some(({ metadata }) => metadata.name === name));
    assert.equal(gone.object.metadata.name, name);
  });

  it('pages a list without losing or repeating an object', async () => {
    for (const suffix of ['a', 'b', 'c', 'd', 'e']) await create(suffix);
    const query = `labelSelector=run%3D${run}&limit=2`;
    const seen: string[] = [];
    let token = '';
    for (let page = 0; page < 5; page += 1) {
      const { body } = await api.call('GET', `${maps}?${query}&continue=${token}`);
      seen.push(...body.items.map(({ metadata }) => metadata.name));
      token = encodeURIComponent(body.metadata.continue ?? '');
      if (token === '') break;
    }
    assert.deepEqual(
      seen.map((name) => name.slice(-1)),
      ['a', 'b', 'c', 'd', 'e'],
    );
  });

  it('shows every change after the listed version, with rising versions', async () => {
    const { body: list } = await api.call('GET', `${maps}?labelSelector=run%3D${run}`);
    const from = list.metadata.resourceVersion;
    const object = await create('a');
    const path = `${maps}/${object.metadata.name}`;
    const change = { data: { key: 'value' } };
    await api.call('PATCH', path, change, 'application/merge-patch+json');
    await api.call('DELETE', path);
    const watch = await api.watch(
      `${maps}?watch=true&labelSelector=run%3D${run}&resourceVersion=${from}`,
    );
    const versions = [BigInt(from)];
    for (const type of ['ADDED', 'MODIFIED', 'DELETED']) {
      const event = await watch.next(() => true);
      assert.equal(event.type, type);
      versions.push(BigInt(event.object.metadata.resourceVersion));
    }
    watch.close();
    assert.deepEqual(
      versions,
      [...new Set(versions)].sort((a, b) => (a < b ? -1 : 1)),
    );
  });

  it('gives no new version to a patch that changes nothing', async () => {
    const { metadata } = await create('a', { kind: 'x' });
    const change = { metadata: { labels: { kind: 'x' } } };
    const path = `${maps}/${metadata.name}`;
    const { body } = await api.call('PATCH', path, change, 'application/merge-patch+json');
    assert.equal(body.metadata.resourceVersion, metadata.resourceVersion);
  });

  it('shows an object that stops to match the selector as deleted', async () => {
    const object = await create('a', { seen: 'yes' });
    const { name, resourceVersion } = object.metadata as {
      name: string;
      resourceVersion: string;
    };
    const selector = encodeURIComponent(`run=${run},seen`);
    const watch = await api.watch(
      `${maps}?watch=true&labelSelector=${selector}&resourceVersion=${resourceVersion}`,
    );
    const change = { metadata: { labels: { seen: null } } };
    await api.call('PATCH', `${maps}/${name}`, change, 'application/merge-patch+json');
    const event = await watch.next(() => true);
    watch.close();
    assert.deepEqual([event.type, event.object.metadata.name], ['DELETED', name]);
  });

  it('sends a bookmark shortly before it ends a watch, also when nothing that it selects has changed', async () => {
    const { body } = await api.call('GET', maps);
    const { resourceVersion } = body.metadata;
    const query = 'watch=true&allowWatchBookmarks=true&timeoutSeconds=5&labelSelector=other';
    const watch = await api.watch(`${maps}?${query}&resourceVersion=${resourceVersion}`);
    // A real server tells by bookmarks how far its cache has come, and may be behind the list's version.
    await create('a');
    const { type, object } = await watch.next(() => true);
    watch.close();
    assert.equal(type, 'BOOKMARK');
    assert.ok(BigInt(object.metadata.resourceVersion) > BigInt(resourceVersion));
  });

  it('ends a watch when its time is over', async () => {
    const watch = await api.watch(`${maps}?watch=true&resourceVersion=0&timeoutSeconds=1`);
    await assert.rejects(
      watch.next(({ type }) => type === 'NEVER'),
      /the watch ended/,
    );
  });
}
