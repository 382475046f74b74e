import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { CardCache } from '../../src/kubernetes/card-cache.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { readPoolCard } from '../../src/kubernetes/pool-cards.ts';
import { eventually, FaultyApiServer, sendEvent, sendJson } from './faulty-api-server.ts';

const card = {
  pool: 'small',
  namespace: 'home',
  phase: 'Steady',
  why: '',
  target: 3,
  templateHash: 'abc',
  acceptsClaims: true,
  claim: { leaseSeconds: 60, maxLeaseSeconds: 600 },
  startSecondsEstimate: 5,
  labels: {},
};

function configMap(name: string, version: string, text: string | undefined): object {
  const metadata = { name, uid: `${name}-uid`, resourceVersion: version };
  return { metadata, ...(text === undefined ? {} : { data: { 'card.json': text } }) };
}

describe('the cache of pool cards', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;
  let cards: CardCache;
  let watch: ServerResponse | null;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    watch = null;
    server.answer = ({ url }, response) => {
      if (url.searchParams.has('watch')) {
        response.flushHeaders();
        watch = response;
        return;
      }
      const items = [configMap('pilotlight-small', '5', JSON.stringify(card))];
      sendJson(response, { metadata: { resourceVersion: '9' }, items });
    };
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
    cards = CardCache.start({ connection, namespace: 'home' });
    assert.equal(await cards.ready(Date.now() + 5_000), true);
    await eventually('the watch', () => watch !== null);
  });

  afterEach(async () => {
    await cards.stop();
    await connection.close();
    await server.stop();
  });

  function send(type: string, object: object): void {
    assert.ok(watch);
    sendEvent(watch, type, object);
  }

  it('knows the pools by the cards there are', () => {
    assert.deepEqual(cards.get('small'), card);
    assert.deepEqual(cards.list(), [card]);
    assert.equal(cards.get('other'), undefined);
    assert.ok(cards.lagMs() < 5_000);
    assert.equal(cards.lastError, null);
  });

  it('follows changes and tells of them, until it is told to stop', async () => {
    const told: string[] = [];
    const unsubscribe = cards.subscribe((pool) => told.push(pool));
    const closing = JSON.stringify({ ...card, acceptsClaims: false });
    send('MODIFIED', configMap('pilotlight-small', '10', closing));
    await eventually('the change', () => cards.get('small')?.acceptsClaims === false);
    send('DELETED', configMap('pilotlight-small', '11', closing));
    await eventually('the end', () => cards.get('small') === undefined);
    assert.deepEqual(told, ['small', 'small']);
    unsubscribe();
    send('ADDED', configMap('pilotlight-small', '12', closing));
    await eventually('the card', () => cards.get('small') !== undefined);
    assert.equal(told.length, 2);
  });

  it('takes a card that nobody can read for none', async () => {
    send('MODIFIED', configMap('pilotlight-small', '10', '{"pool":'));
    await eventually('the end', () => cards.get('small') === undefined);
    send('MODIFIED', configMap('pilotlight-small', '11', undefined));
    send('ADDED', configMap('pilotlight-b', '12', JSON.stringify({ ...card, pool: 'b' })));
    await eventually('the other', () => cards.get('b') !== undefined);
    assert.equal(cards.get('small'), undefined);
  });

  it('says that the first list has not come', async () => {
    server.answer = () => undefined;
    const silent = CardCache.start({ connection, namespace: 'away' });
    assert.equal(await silent.ready(Date.now() + 20), false);
    await silent.stop();
  });
});

describe('a pool card', () => {
  it('is read field by field: what is missing or wrong gets a value that is safe', () => {
    assert.equal(readPoolCard(undefined), null);
    assert.equal(readPoolCard('null'), null);
    assert.equal(readPoolCard(JSON.stringify({ ...card, pool: 'Not A Pool' })), null);
    const read = readPoolCard(
      JSON.stringify({ pool: 'small', acceptsClaims: 'yes', target: -1, claim: 7, extra: true }),
    );
    assert.deepEqual(read, {
      pool: 'small',
      namespace: '',
      phase: '',
      why: '',
      target: 0,
      templateHash: '',
      acceptsClaims: false,
      claim: { leaseSeconds: 0, maxLeaseSeconds: 0 },
      startSecondsEstimate: null,
      labels: {},
    });
  });
});
