import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkSpecRequest,
  requestDrain,
  requestPause,
  requestResume,
  requestSpec,
  requestTarget,
} from '../../src/pool/requests.ts';
import { exampleSpec, exampleState } from './examples.ts';

const request = { spec: exampleSpec({ warmTarget: 5 }), namespace: 'default' };

describe('a request for another spec', () => {
  it('is applied with its defaults, and never as it was sent', () => {
    const spec = { warmTarget: 5, templateHash: 'abc' };
    const sent = { spec, namespace: 'default', upsertSearchAttributes: 'yes' };
    const state = requestSpec(exampleState(), sent, 7);
    assert.equal(state.spec.unreadySeconds, 60);
    assert.equal(state.upsertSearchAttributes, false);
    assert.equal(state.previousTemplateHash, null);
  });

  it('remembers the template before it, until the next', () => {
    const changed = { ...request, spec: exampleSpec({ templateHash: 'new' }) };
    const state = requestSpec(exampleState(), changed, 7);
    assert.equal(state.previousTemplateHash, 'abc');
  });

  const wrong: [string, unknown, RegExp][] = [
    ['no object', 9, /an object with `spec`, got 9/],
    ['a list', [request], /an object with `spec`/],
    ['another namespace', { ...request, namespace: { toString: 1 } }, /`namespace` to be default/],
    ['an unknown field', { ...request, spec: { ...request.spec, sped: 1 } }, /`sped`/],
  ];
  for (const [what, given, said] of wrong) {
    it('writes the card anew when a pool is applied again, but not in a recorded history', () => {
      for (const [rules, published] of [
        [2, null],
        [1, 'a card'],
      ] as const) {
        const known = exampleState();
        const state = { ...known, rules, publish: { ...known.publish, published: 'a card' } };
        const sent = { namespace: state.namespace, spec: state.spec };
        const after = requestSpec(state, sent, 7);
        assert.equal(after.lastRefusal, null);
        assert.equal(after.publish.published, published);
      }
    });

    it(`is refused with ${what}, which is shown`, () => {
      const state = requestSpec(exampleState(), given, 7);
      assert.deepEqual(state.spec, exampleState().spec);
      assert.equal(state.lastRefusal?.atMs, 7);
      assert.match(state.lastRefusal.message, said);
    });
  }

  it('is refused while the pool drains', () => {
    const checked = checkSpecRequest(request, { ...exampleState(), draining: true });
    assert.match(checked.ok ? '' : checked.message, /is being drained/);
  });

  it('is refused in at most 1,000 characters, whatever it is', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field${i}`, i]));
    const checked = checkSpecRequest({ ...request, spec: many }, exampleState());
    assert.ok(!checked.ok && checked.message.length <= 1_000);
    fc.assert(
      fc.property(fc.anything(), (given) => {
        requestSpec(exampleState(), given, 7);
      }),
    );
  });
});

describe('a request for another target', () => {
  for (const value of [4, { target: 4 }]) {
    it(`is followed as ${JSON.stringify(value)}`, () => {
      assert.equal(requestTarget(exampleState(), value, 7).spec.warmTarget, 4);
    });
  }

  for (const value of ['nine', -1, 1.5, 21, null, {}, 1e99, [4]]) {
    it(`is refused as ${JSON.stringify(value)}, which is shown (P8)`, () => {
      const { lastRefusal, ...rest } = requestTarget(exampleState(), value, 7);
      assert.deepEqual({ ...rest, lastRefusal: null }, exampleState());
      assert.match(lastRefusal?.message ?? '', /^setTarget: Expected `target` to be an integer/);
    });
  }
});

describe('a request to pause', () => {
  it('holds until the one to resume', () => {
    const paused = requestPause(exampleState());
    assert.equal(paused.paused, true);
    assert.deepEqual(requestResume(paused), exampleState());
  });
});

describe('a request to drain', () => {
  const endsAtMs = (maxLeaseSeconds: number, value: unknown): number | null => {
    const claim = { leaseSeconds: 0, maxLeaseSeconds };
    return requestDrain(exampleState({ claim }), value, 1_000).drainEndsAtMs;
  };

  it('waits for claims as long as the longest lease, or a week without leases', () => {
    assert.equal(endsAtMs(60, undefined), 61_000);
    assert.equal(endsAtMs(60, null), 61_000);
    assert.equal(endsAtMs(0, {}), 604_801_000);
  });

  it('waits as long as it says', () => {
    assert.equal(endsAtMs(60, { deadlineSeconds: 5 }), 6_000);
    assert.equal(endsAtMs(60, { deadlineSeconds: 0 }), 1_000);
  });
});
