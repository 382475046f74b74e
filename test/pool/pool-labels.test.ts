import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cardOf } from '../../src/pool/pool-card.ts';
import { readPoolLabels, repairPoolLabels } from '../../src/pool/pool-labels.ts';
import { requestSpec } from '../../src/pool/requests.ts';
import type { FieldError } from '../../src/pool/spec.ts';
import { exampleSpec, exampleState } from './examples.ts';

function errorsOf(value: unknown): string[] {
  const errors: FieldError[] = [];
  readPoolLabels(value, 'metadata.labels', errors);
  return errors.map(({ field, expected, given }) => `${field}: expected ${expected}, got ${given}`);
}

describe('the labels of a pool', () => {
  it('may be its shape, its image and keys of its owner', () => {
    const labels = {
      'pilotlight.dev/shape': 'exclusive',
      'pilotlight.dev/image': 'registry.example/db@sha256:0123',
      'example.com/team': 'a',
    };
    assert.deepEqual(readPoolLabels(labels, 'metadata.labels', []), labels);
    assert.deepEqual(readPoolLabels(undefined, 'metadata.labels', []), {});
  });

  const many = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'v']));
  const cases: [string, unknown, RegExp][] = [
    ['a list', [], /^metadata\.labels: expected a mapping, got \[\]$/],
    ['too many', many, /^metadata\.labels: expected at most 16 labels, got 17$/],
    [
      'another key of ours',
      { 'pilotlight.dev/pool': 'x' },
      /\["pilotlight.dev\/pool"\]: expected a label key of your own/,
    ],
    ['a key that is none', { 'a b': 'x' }, /expected a label key/],
    ['an empty value', { a: '' }, /\["a"\]: expected 1 to 253 printable/],
    ['a number', { a: 7 }, /got 7$/],
    ['a value with a space', { a: 'b c' }, /without spaces, got "b c"$/],
  ];
  for (const [what, value, expected] of cases) {
    it(`are refused for ${what}`, () => assert.match(errorsOf(value).join(), expected));
  }

  it('are read from anything without an error, and again from what was read', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        errorsOf(value);
        const kept = repairPoolLabels(value);
        assert.deepEqual(repairPoolLabels(JSON.parse(JSON.stringify(kept))), kept);
      }),
    );
  });

  it('come with an applied spec, stay without, and are on the card', () => {
    const request = { namespace: 'default', upsertSearchAttributes: false, spec: exampleSpec() };
    const labelled = requestSpec(exampleState(), { ...request, labels: { team: 'a' } }, 0);
    assert.deepEqual(labelled.labels, { team: 'a' });
    assert.deepEqual(requestSpec(labelled, request, 0).labels, { team: 'a' });
    assert.deepEqual(requestSpec(labelled, { ...request, labels: {} }, 0).labels, {});
    assert.match(
      requestSpec(labelled, { ...request, labels: 7 }, 0).lastRefusal?.message ?? '',
      /`labels`/,
    );
    assert.deepEqual(cardOf(labelled)?.labels, { team: 'a' });
  });
});
