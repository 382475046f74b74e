import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toKnownPod, type KnownPod } from '../../src/kubernetes/known-pod.ts';
import { PodIndex } from '../../src/kubernetes/pod-index.ts';
import { labels } from '../../src/pool/labels.ts';
import { fakePod } from './fake-pod.ts';

interface Life {
  name: string;
  uid: string;
  pool: string;
  claim: string | null;
  version: number;
}

function pod({ name, uid, pool, claim, version }: Life): KnownPod {
  const fake = fakePod({ name, uid, pool, version: String(version) });
  if (claim !== null) fake.metadata.labels[labels.claim] = claim;
  return toKnownPod(fake);
}

const life = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  uid: fc.constantFrom('1', '2'),
  pool: fc.constantFrom('small', 'large'),
  claim: fc.constantFrom(null, 'x', 'y'),
  version: fc.integer({ min: 1, max: 30 }),
});
const event = fc.record({ kind: fc.constantFrom('watch', 'fold', 'end', 'listed'), life });

describe('the index of pods', () => {
  it('finds each pod by name, by pool and by claim alike, whatever came in which order', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const index = new PodIndex();
        for (const { kind, life: one } of events) {
          if (kind === 'watch') index.watch(pod(one));
          if (kind === 'fold') index.fold(pod(one));
          if (kind === 'end') index.end(one.name, one.uid);
          if (kind === 'listed') index.listed(String(one.version));
        }
        const known = ['a', 'b', 'c'].flatMap((name) => index.get(name) ?? []);
        for (const pool of ['small', 'large']) {
          const expected = known.filter((one) => one.pool === pool);
          assert.deepEqual(new Set(index.ofPool(pool)), new Set(expected));
          assert.equal(index.pools().includes(pool), expected.length > 0);
        }
        for (const claim of ['x', 'y']) {
          const expected = known.filter(({ facts }) => facts.claimHash === claim);
          assert.deepEqual(new Set(index.ofClaim(claim)), new Set(expected));
        }
      }),
    );
  });

  it('knows in the end what the watch said last, however many writes were folded in before', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), life, (events, last) => {
        const index = new PodIndex();
        for (const { kind, life: one } of events) {
          if (kind === 'fold') index.fold(pod(one));
          else index.watch(pod(one));
        }
        // The watch catches up with every version that was ever written.
        index.watch(pod({ ...last, version: 31 }));
        assert.equal(index.get(last.name)?.view.version, '31');
        assert.equal(index.get(last.name)?.view.uid, last.uid);
      }),
    );
  });
});
