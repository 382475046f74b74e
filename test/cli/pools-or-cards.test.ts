import assert from 'node:assert/strict';
import { execa } from 'execa';
import { labels, managedByValue } from '../../src/pool/labels.ts';
import { fakePod, podList } from '../kubernetes/fake-pod.ts';
import { FaultyApiServer, sendJson, sendStatus } from '../kubernetes/faulty-api-server.ts';

const launcher = new URL('../../bin/pilotlight.js', import.meta.url).pathname;

function configMap(pool: string, text: string): object {
  return {
    metadata: {
      name: `pilotlight-${pool}`,
      labels: { [labels.pool]: pool, [labels.managedBy]: managedByValue },
    },
    data: { 'card.json': text },
  };
}

function card(pool: string, changes: object = {}): string {
  return JSON.stringify({
    ...{ pool, namespace: 'home', phase: 'Steady', why: '', target: 2, templateHash: 'abc' },
    ...{ acceptsClaims: true, claim: { leaseSeconds: 60, maxLeaseSeconds: 600 } },
    ...changes,
  });
}

/** Cards by namespace: good ones at home, and all that somebody could write elsewhere. */
const cards: Record<string, object[]> = {
  home: [configMap('small', card('small')), configMap('large', card('large', { target: 6 }))],
  odd: [
    configMap('broken', '{'),
    configMap('numbers', '7'),
    configMap('listed', '[]'),
    configMap('empty', card('__proto__')),
    configMap('lies', card('small')),
    { metadata: { name: 'pilotlight-bare' } },
    configMap('odd', card('odd', { target: 'many', why: 7, phase: null, claim: 'none' })),
  ],
};

const pods = [
  fakePod({ name: 'small-0', version: '5', ready: true }),
  fakePod({ name: 'small-1', version: '6', ready: true, state: 'claimed' }),
  fakePod({ name: 'small-2', version: '7' }),
];

interface Run {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

describe('get and describe without Temporal', function () {
  this.timeout(60_000);
  let server: FaultyApiServer;
  let runs: Record<'list' | 'json' | 'describe' | 'unknown' | 'odd' | 'refused', Run>;

  // A connection is given up after 6 s, so all commands wait for it at the same time.
  before(async () => {
    server = await FaultyApiServer.start();
    server.answer = ({ url }, response) => {
      const [, namespace = '', kind] = /namespaces\/(\w+)\/(\w+)$/.exec(url.pathname) ?? [];
      const isOfSmall = /=small,/.test(url.searchParams.get('labelSelector') ?? '');
      if (namespace === 'refused') sendStatus(response, 403, 'Forbidden');
      else if (kind === 'configmaps') sendJson(response, { items: cards[namespace] ?? [] });
      else sendJson(response, podList('9', isOfSmall ? pods : []));
    };
    const run = async (namespace: string, ...args: string[]): Promise<Run> => {
      const { exitCode, stdout, stderr } = await execa(process.execPath, [launcher, ...args], {
        reject: false,
        timeout: 40_000,
        // Nothing listens on port 1 of loopback.
        env: {
          TEMPORAL_ADDRESS: '127.0.0.1:1',
          KUBECONFIG: server.kubeconfigPath,
          PILOTLIGHT_NAMESPACE: namespace,
        },
      });
      return { exitCode, stdout, stderr };
    };
    const [list, json, describe, unknown, odd, refused] = await Promise.all([
      run('home', 'get', 'pools'),
      run('home', 'get', 'pools', '-o', 'json'),
      run('home', 'describe', 'pool', 'small'),
      run('home', 'describe', 'pool', 'other'),
      run('odd', 'get', 'pools', '-o', 'json'),
      run('refused', 'get', 'pools'),
    ]);
    runs = { list, json, describe, unknown, odd, refused };
  });
  after(() => server.stop());

  const warning =
    /^warning: No Temporal server answers at 127\.0\.0\.1:1 .*\. Shown from the cards of namespace home\.$/;

  it('lists the pools from their cards and the pods, and says so in one line', () => {
    const { exitCode, stdout, stderr } = runs.list;
    assert.equal(exitCode, 0);
    assert.match(stderr, warning);
    const [, large, small] = stdout.split('\n').map((line) => line.trim().split(/\s+/));
    assert.deepEqual(large, ['large', 'Steady', '6', '0', '0', '0']);
    assert.deepEqual(small, ['small', 'Steady', '2', '1', '1', '1']);
  });

  it('leaves out what only the workflow remembers', () => {
    const [large] = JSON.parse(runs.json.stdout) as [Record<string, unknown>];
    assert.equal(large['warm'], 0);
    for (const field of ['demand', 'failures', 'lastRefusal', 'releases', 'spec']) {
      assert.equal(field in large, false, field);
    }
  });

  it('describes a pool with its pods', () => {
    const { exitCode, stdout, stderr } = runs.describe;
    assert.equal(exitCode, 0);
    assert.match(stderr, warning);
    assert.match(stdout, /^Why: +1 of 2 pods are warm\.$/m);
    assert.match(stdout, /^small-1 +claimed/m);
    assert.doesNotMatch(stdout, /null|undefined|NaN|Limits|Failures/);
  });

  it('says when there is no such card', () => {
    assert.equal(runs.unknown.exitCode, 1);
    assert.match(
      runs.unknown.stderr,
      /^error: There is no card of a pool other in namespace home$/m,
    );
  });

  it('passes over cards that it can not read', () => {
    assert.equal(runs.odd.exitCode, 0);
    const shown = JSON.parse(runs.odd.stdout) as { pool: string; target: number }[];
    assert.deepEqual(
      shown.map(({ pool, target }) => ({ pool, target })),
      [{ pool: 'odd', target: 0 }],
    );
  });

  it('names both troubles in one line when the cluster refuses', () => {
    const { exitCode, stdout, stderr } = runs.refused;
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: No Temporal server.*cards can't be read either: .*Forbidden/);
    assert.equal(stderr.split('\n').length, 1);
  });
});
