import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { DocumentError, readDocuments } from '../../src/apply/read-documents.ts';

const pool = (name: string): string => `apiVersion: pilotlight.dev/v1alpha1
kind: WarmPool
metadata: { name: ${name} }
spec:
  warmTarget: 1
  template: { spec: { containers: [{ name: main, image: pause }] } }
`;

describe('readDocuments', () => {
  it('reads several documents of one text and passes over empty ones', () => {
    const read = readDocuments(`---\n${pool('a')}---\n---\n${pool('b')}`, 'pools.yaml');
    assert.deepEqual(
      read.map((document) => document.pool),
      ['a', 'b'],
    );
  });

  const cases: [string, string, RegExp][] = [
    ['a syntax error', 'kind: WarmPool\nspec: [1, 2\n', /^pools\.yaml:3:1: /],
    ['a key given twice', 'kind: a\nkind: b\n', /^pools\.yaml:2:1: Map keys must be unique/],
    ['an unknown alias', 'kind: *nothing\n', /^pools\.yaml:1:7: |^pools\.yaml:1: .*nothing/],
    ['an empty file', '\n', /^pools\.yaml: Expected a pool document, got none$/],
    [
      'a wrong field of the second document',
      `${pool('a')}---\n${pool('B')}`,
      /^pools\.yaml:8: Expected `metadata\.name` to be .* got "B"$/,
    ],
  ];
  for (const [what, text, expected] of cases) {
    it(`names file and line of ${what}`, () => {
      assert.throws(
        () => readDocuments(text, 'pools.yaml'),
        (error) => error instanceof DocumentError && expected.test(error.message),
      );
    });
  }

  it('refuses a bomb of aliases', () => {
    const lines = ['a0: &a0 [x]'];
    for (let i = 1; i < 12; i++) {
      const alias = `*a${i - 1}`;
      lines.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => alias).join(', ')}]`);
    }
    assert.throws(() => readDocuments(lines.join('\n'), 'bomb.yaml'), DocumentError);
  });

  it('refuses a text larger than any document', () => {
    assert.throws(() => readDocuments('#'.repeat(4_000_001), 'big.yaml'), /got 4000001/);
  });

  it('raises nothing but DocumentError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          readDocuments(text, 'fuzz.yaml');
        } catch (error) {
          assert.ok(error instanceof DocumentError, String(error));
        }
      }),
    );
  });

  for (const name of ['exclusive', 'colocated-8', 'colocated-4']) {
    it(`reads the example duckling-${name}`, () => {
      const path = new URL(`../../examples/duckling-${name}.yaml`, import.meta.url);
      const [document] = readDocuments(readFileSync(path, 'utf8'), 'example');
      assert.equal(document?.pool, `duckling-${name}`);
    });
  }
});
