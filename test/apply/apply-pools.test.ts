import assert from 'node:assert/strict';
import { ApplyError, applyPools } from '../../src/apply/apply-pools.ts';
import type { Pools } from '../../src/client/pools.ts';
import type { ClusterConnection } from '../../src/kubernetes/connection.ts';
import { KubernetesError } from '../../src/kubernetes/kubernetes-error.ts';
import type { PoolDocument } from '../../src/pool/document.ts';
import { checkPoolSettings } from '../../src/pool/spec.ts';

function documentOf(pool: string): PoolDocument {
  const checked = checkPoolSettings({ warmTarget: 1 });
  assert.ok(checked.ok);
  return {
    pool,
    namespace: null,
    labels: {},
    settings: checked.settings,
    template: {
      metadata: { labels: {}, annotations: {} },
      spec: { containers: [{ name: 'main', image: 'pause' }] },
    },
  };
}

/** Both servers, as far as applying needs them; every change of the world is written down. */
function servers(options: { dryRun?: (name: string) => KubernetesError | null; home?: string }) {
  const changes: string[] = [];
  const send = ({ path, body }: { path: string; body: { metadata: { name: string } } }) => {
    const { name } = body.metadata;
    if (!path.includes('dryRun=All')) {
      changes.push(`template ${name.replace(/-[^-]*$/, '')}`);
      return Promise.resolve(body);
    }
    const error = options.dryRun?.(name);
    return error ? Promise.reject(error) : Promise.resolve(body);
  };
  const connection = { send, server: 'https://cluster' } as unknown as ClusterConnection;
  const pools = {
    namespaceOf: () => Promise.resolve(options.home ?? null),
    apply({ pool, namespace }: { pool: string; namespace: string }) {
      changes.push(`workflow ${pool} in ${namespace}`);
      return Promise.resolve('created');
    },
  } as unknown as Pools;
  return { connection, pools, changes };
}

describe('applyPools', () => {
  // A drained pool sweeps its templates as it ends. One that ended between the storing and the start
  // of its successor once took the successor's template with it.
  it('stores each template before its workflow hears of it, and again once it runs', async () => {
    const world = servers({});
    const documents = [documentOf('a'), { ...documentOf('b'), namespace: 'team-b' }];
    const applied = await applyPools({ ...world, documents, namespace: 'default' });
    assert.deepEqual(world.changes, [
      'template a',
      'workflow a in default',
      'template a',
      'template b',
      'workflow b in team-b',
      'template b',
    ]);
    assert.deepEqual(applied[1], { pool: 'b', namespace: 'team-b', change: 'created' });
  });

  const invalid = new KubernetesError('image: Required value', { kind: 'invalid', code: 422 });
  const silent = new KubernetesError('connect ECONNREFUSED', { kind: 'unavailable' });
  const cases: [string, Parameters<typeof servers>[0], PoolDocument, RegExp][] = [
    [
      'the API server refuses the second pod',
      { dryRun: (name) => (name === 'b-dry-run' ? invalid : null) },
      documentOf('b'),
      /^Pool b: the API server at https:\/\/cluster refuses its pod: image: Required value$/,
    ],
    [
      'the cluster does not answer',
      { dryRun: () => silent },
      documentOf('b'),
      /^The Kubernetes API server at https:\/\/cluster does not answer .*ECONNREFUSED.*KUBECONFIG/,
    ],
    ['a pool is named twice', {}, documentOf('a'), /^Expected each pool once, got a twice$/],
    [
      'the pool lives in another namespace',
      { home: 'elsewhere' },
      documentOf('b'),
      /`metadata\.namespace` to be elsewhere, where the pool lives, got default$/,
    ],
  ];
  for (const [when, options, second, expected] of cases) {
    it(`changes nothing when ${when}`, async () => {
      const world = servers(options);
      const documents = [documentOf('a'), second];
      await assert.rejects(
        applyPools({ ...world, documents, namespace: 'default' }),
        (error) => error instanceof ApplyError && expected.test(error.message),
      );
      assert.deepEqual(world.changes, []);
    });
  }

  it('takes a pool whose quota is used up: it waits until there is room', async () => {
    const quota = new KubernetesError('exceeded quota', { kind: 'quota', code: 403 });
    const world = servers({ dryRun: () => quota });
    await applyPools({ ...world, documents: [documentOf('a')], namespace: 'default' });
    assert.equal(world.changes.length, 3);
  });
});
