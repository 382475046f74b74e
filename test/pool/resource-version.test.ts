import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareVersions, isVersion, newerVersion } from '../../src/pool/resource-version.ts';

/** As many as 20 digits: an unsigned number of 64 bits has no more. */
const version = fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }).map(String);

describe('a resource version', () => {
  it('is ordered as the number that it is, however many digits it has', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [x, y] = [BigInt(a), BigInt(b)];
        assert.equal(Math.sign(compareVersions(a, b)), x < y ? -1 : x > y ? 1 : 0);
        assert.equal(BigInt(newerVersion(a, b)), x > y ? x : y);
        assert.ok(isVersion(a) && isVersion(b));
      }),
    );
  });

  it('is nothing else that somebody sends for one, and reading it never throws', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.string({ unit: 'binary', maxLength: 40 }),
      version.map((digits) => `0${digits}`),
      version.map((digits) => `${digits}\n`),
      version.map((digits) => ` ${digits}`),
      version.map((digits) => `-${digits}`),
      fc.constantFrom('', '1e3', '1.5', '0x1f', '１２', '١٢', 'NaN', '9'.repeat(21), 12, 12n),
    );
    fc.assert(
      fc.property(anything, (value) => {
        const isNumber = typeof value === 'string' && /^\d+$/.test(value) && !/\n/.test(value);
        if (!isVersion(value)) return;
        assert.ok(isNumber && value.length <= 20 && String(BigInt(value)) === value);
      }),
    );
  });
});
