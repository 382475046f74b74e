import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normaliseQuantity } from '../../src/apply/quantity.ts';
import { templateHash } from '../../src/apply/template-hash.ts';
import type { DocumentTemplate } from '../../src/pool/document.ts';

function template(spec: Record<string, unknown>, labels = {}): DocumentTemplate {
  return { metadata: { labels, annotations: {} }, spec };
}

function withCpu(cpu: unknown): DocumentTemplate {
  return template({ containers: [{ name: 'main', resources: { requests: { cpu } } }] });
}

describe('templateHash', () => {
  it('fits a label and the end of an object name', () => {
    assert.match(templateHash(withCpu(1)), /^[0-9a-z]{10}$/);
  });

  it('does not depend on how a quantity is written', () => {
    const hashes = [1, '1', '1000m', '1.0', '1e0', '1000000u'].map((cpu) =>
      templateHash(withCpu(cpu)),
    );
    assert.equal(new Set(hashes).size, 1);
    assert.notEqual(templateHash(withCpu('1001m')), hashes[0]);
  });

  it('normalises emptyDir sizes, divisors and overhead', () => {
    const written = (size: string, divisor: string, cpu: string): string =>
      templateHash(
        template({
          overhead: { cpu },
          volumes: [{ emptyDir: { sizeLimit: size } }],
          containers: [{ env: [{ valueFrom: { resourceFieldRef: { divisor } } }] }],
        }),
      );
    assert.equal(written('1Gi', '1', '500m'), written('1024Mi', '1000m', '0.5'));
  });

  it('does not depend on the order of keys or on null values', () => {
    assert.equal(
      templateHash(template({ a: 1, b: [{ c: 2, d: null }] })),
      templateHash(template({ b: [{ c: 2 }], a: 1 })),
    );
  });

  it('depends on the order of lists, on labels and on texts that only look like quantities', () => {
    const pairs: [DocumentTemplate, DocumentTemplate][] = [
      [template({ a: [1, 2] }), template({ a: [2, 1] })],
      [template({}, { size: '1' }), template({}, { size: '1000m' })],
      [template({ env: [{ value: '1' }] }), template({ env: [{ value: '1000m' }] })],
    ];
    for (const [one, other] of pairs) {
      assert.notEqual(templateHash(one), templateHash(other));
    }
  });
});

describe('normaliseQuantity', () => {
  const cases: [unknown, unknown][] = [
    ['1', '1000000000n'],
    [0.5, '500000000n'],
    ['1Ki', '1024000000000n'],
    ['1.5Gi', '1610612736000000000n'],
    ['-1m', '-1000000n'],
    ['-0', '0n'],
    ['1E', '1000000000000000000000000000n'],
    ['1E3', '1000000000000n'],
    ['5e-1', '500000000n'],
    // Finer than a billionth, or not a quantity: left as it is.
    ['0.0000000001', '0.0000000001'],
    ['1 Gi', '1 Gi'],
    ['abc', 'abc'],
    [null, null],
    [true, true],
  ];
  for (const [given, expected] of cases) {
    it(`reads ${JSON.stringify(given)} as ${JSON.stringify(expected)}`, () => {
      assert.equal(normaliseQuantity(given), expected);
    });
  }

  it('gives the same for a number of units and of a thousand times as many thousandths', () => {
    fc.assert(
      fc.property(fc.nat(), (n) => {
        assert.equal(normaliseQuantity(n), normaliseQuantity(`${n * 1000}m`));
        assert.equal(normaliseQuantity(`${n}Gi`), normaliseQuantity(`${n * 1024}Mi`));
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true }), (value) => {
        const normalised = normaliseQuantity(value);
        assert.ok(Object.is(normalised, value) || typeof normalised === 'string');
      }),
    );
  });
});
