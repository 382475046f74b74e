import assert from 'node:assert/strict';
import type { ApiError } from '../../src/api/problems.ts';
import { resolvePool } from '../../src/api/resolve-pool.ts';
import type { PoolSummary } from '../../src/claims/claim.ts';
import { exampleSummary, startApi, fakeClaims, type ApiUnderTest } from './api-under-test.ts';

function pool(name: string, shape: string, image: string): PoolSummary {
  const labels = { 'pilotlight.dev/shape': shape, 'pilotlight.dev/image': image };
  return { ...exampleSummary(name), labels };
}

const pools = [pool('a', 'large', 'db:1'), pool('b', 'large', 'db:2'), pool('c', 'small', 'db:1')];

describe('a claim by shape and image', () => {
  it('means the one pool that has both, or the one that has what is asked', () => {
    assert.equal(resolvePool(pools, { shape: 'large', image: 'db:2' }), 'b');
    assert.equal(resolvePool(pools, { shape: 'small' }), 'c');
    assert.equal(resolvePool(pools, { image: 'db:2' }), 'b');
  });

  const refusals: [string, Parameters<typeof resolvePool>[1], string, RegExp][] = [
    ['nothing', {}, 'badRequest', /Expected `shape`, `image` or both/],
    [
      'what no pool has',
      { shape: 'huge' },
      'noSuchShape',
      /shape huge\. There are: a \(shape large/,
    ],
    [
      'a near match',
      { shape: 'small', image: 'db:2' },
      'noSuchShape',
      /shape small and image db:2/,
    ],
    [
      'what two have',
      { shape: 'large' },
      'ambiguousShape',
      /: a \(.*\), b \(shape large and image db:2\)/,
    ],
  ];
  it('lists 20 pools at most, those without a label too', () => {
    const many = Array.from({ length: 25 }, (_, index) => exampleSummary(`p${index}`));
    assert.throws(
      () => resolvePool(many, { shape: 'large' }),
      ({ message, candidates }: ApiError) => {
        assert.match(message, /There are: p0, p1, .*, p19, and 5 more\.$/);
        assert.ok(candidates);
        assert.deepEqual(candidates[0], { pool: 'p0', shape: null, image: null });
        return candidates.length === 20;
      },
    );
  });

  for (const [what, wanted, code, message] of refusals) {
    it(`is refused for ${what}`, () => {
      assert.throws(() => resolvePool(pools, wanted), { code, message });
    });
  }

  describe('over HTTP', () => {
    let api: ApiUnderTest;
    before(async () => {
      api = await startApi({ claims: fakeClaims({ poolSummaries: () => pools }) });
    });
    after(() => api.server.stop());

    const claim = (json: unknown) => api.send('/v1/claims', { method: 'POST', json });

    it('is granted by the pool it means', async () => {
      const { status, body } = await claim({ shape: 'small', claimId: 'job-9' });
      assert.equal(status, 201);
      assert.deepEqual([body['pool'], body['claimId']], ['c', 'job-9']);
    });

    it('is refused with a code of its own', async () => {
      assert.deepEqual(
        [(await claim({ shape: 'huge' })).status, (await claim({ shape: 'large' })).status],
        [404, 409],
      );
      assert.equal((await claim({ pool: 'a' })).problem.code, 'badRequest');
    });

    it('is refused with the candidates, in a form for programs too', async () => {
      const { candidates } = (await claim({ shape: 'large' })).problem;
      assert.deepEqual(candidates, [
        { pool: 'a', shape: 'large', image: 'db:1' },
        { pool: 'b', shape: 'large', image: 'db:2' },
      ]);
      assert.equal((await claim({ shape: 'huge' })).problem.candidates?.length, pools.length);
      assert.equal((await claim({})).problem.candidates, undefined);
    });
  });
});
