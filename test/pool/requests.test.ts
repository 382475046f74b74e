import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkSpecRequest, requestSpec } from '../../src/pool/requests.ts';
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
