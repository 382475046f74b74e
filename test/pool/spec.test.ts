import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkPoolSettings,
  checkPoolSpec,
  checkTarget,
  repairPoolSpec,
  specLimits,
} from '../../src/pool/spec.ts';

const minimal = { warmTarget: 6, templateHash: 'abc123' };

/** A spec with one field, named as in the table of limits, set. */
function specWith(field: string, value: unknown): unknown {
  const [first = '', second] = field.split('.');
  return { ...minimal, [first]: second === undefined ? value : { [second]: value } };
}

function errorsOf(value: unknown): string[] {
  const checked = checkPoolSpec(value);
  assert.equal(checked.ok, false);
  return checked.errors.map((e) => `${e.field}: expected ${e.expected}, got ${e.given}`);
}

describe('checkPoolSpec', () => {
  it('fills in the defaults', () => {
    assert.deepEqual(checkPoolSpec(minimal), {
      ok: true,
      spec: {
        warmTarget: 6,
        maxPods: 2000,
        maxPending: 100,
        podReadySeconds: 300,
        unreadySeconds: 60,
        maxAgeSeconds: 0,
        maxIdleSeconds: 0,
        claim: { leaseSeconds: 3600, maxLeaseSeconds: 86_400 },
        rollout: { maxSurge: 1, maxUnavailable: 0 },
        failure: { backOffSeconds: 10, probeSeconds: 60, maxProbeSeconds: 600 },
        templateHash: 'abc123',
      },
    });
  });

  for (const [field, limit] of Object.entries(specLimits)) {
    it(`refuses a ${field} outside ${limit.min} to ${limit.max}`, () => {
      for (const value of [limit.min - 1, limit.max + 1, limit.min + 0.5, '5', null]) {
        const [first] = errorsOf(specWith(field, value));
        const expected = `an integer from ${limit.min} to ${limit.max}`;
        assert.equal(first, `${field}: expected ${expected}, got ${JSON.stringify(value)}`);
      }
    });
  }

  it('refuses a target above maxPods', () => {
    assert.deepEqual(errorsOf({ ...minimal, maxPods: 5 }), [
      'warmTarget: expected at most maxPods (5), got 6',
    ]);
  });

  it('refuses a lease above the longest one', () => {
    assert.deepEqual(errorsOf({ ...minimal, claim: { leaseSeconds: 60, maxLeaseSeconds: 30 } }), [
      'claim.leaseSeconds: expected at most claim.maxLeaseSeconds (30), got 60',
    ]);
  });

  it('refuses a rollout that could replace nothing', () => {
    assert.deepEqual(errorsOf({ ...minimal, rollout: { maxSurge: 0 } }), [
      'rollout.maxSurge: expected above 0 when rollout.maxUnavailable is 0, or nothing could be replaced, got 0',
    ]);
  });

  it('refuses waits after failures that shrink', () => {
    assert.deepEqual(errorsOf({ ...minimal, failure: { probeSeconds: 5, maxProbeSeconds: 3 } }), [
      'failure.backOffSeconds: expected at most failure.probeSeconds (5), got 10',
      'failure.probeSeconds: expected at most failure.maxProbeSeconds (3), got 5',
    ]);
  });

  it('names unknown fields at every depth', () => {
    const errors = errorsOf({ ...minimal, warmTargets: 1, claim: { lease: 1 }, rollout: 3 });
    assert.match(errors.join('\n'), /^warmTargets: expected one of warmTarget, .* unknown field$/m);
    assert.match(errors.join('\n'), /^claim\.lease: expected one of leaseSeconds, /m);
    assert.match(errors.join('\n'), /^rollout: expected a mapping, got 3$/m);
  });

  it('refuses a missing or malformed template hash, alone or beside other errors', () => {
    assert.deepEqual(errorsOf({ warmTarget: 1 }), ['templateHash: expected a hash, got nothing']);
    assert.equal(errorsOf({ warmTarget: -1, templateHash: '../x' }).length, 2);
    assert.deepEqual(errorsOf({ ...minimal, maxPods: 5 }).length, 1);
  });

  it('refuses what is no mapping', () => {
    for (const value of [null, undefined, [], 'spec', 7]) {
      assert.match(errorsOf(value)[0] ?? '', /^spec: expected a mapping, got /);
    }
  });

  it('never throws and its own results pass again, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
        for (const field of Object.keys(specLimits)) checkPoolSpec(specWith(field, value));
        const checked = checkPoolSpec(value);
        if (checked.ok) assert.deepEqual(checkPoolSpec(checked.spec), checked);
      }),
    );
  });
});

describe('checkPoolSettings', () => {
  it('does not know the template hash', () => {
    assert.equal(checkPoolSettings({ warmTarget: 1 }).ok, true);
    assert.equal(checkPoolSettings(minimal).ok, false);
  });
});

describe('repairPoolSpec', () => {
  it('fills in what an older release did not know, and brings down what exceeds another setting', () => {
    const failure = { probeSeconds: 900, maxProbeSeconds: 5 };
    const checked = checkPoolSpec({
      ...minimal,
      failure: { ...failure, probeSeconds: 5, backOffSeconds: 5 },
    });
    assert.ok(checked.ok);
    assert.deepEqual(repairPoolSpec({ ...minimal, failure }), checked.spec);
    const plain = checkPoolSpec(minimal);
    assert.ok(plain.ok);
    assert.deepEqual(repairPoolSpec(minimal), plain.spec);
  });
});

describe('checkTarget', () => {
  it('takes a bare number and a mapping with one', () => {
    for (const value of [9, { target: 9 }]) {
      assert.deepEqual(checkTarget(value, { maxPods: 9 }), { ok: true, target: 9 });
    }
  });

  it('refuses everything else and quotes it', () => {
    const cases: [unknown, string][] = [
      ['nine', '"nine"'],
      [-1, '-1'],
      [null, 'null'],
      [1e99, '1e+99'],
      [{}, '{}'],
      [10, '10'],
      [undefined, 'nothing'],
      [10n, 'bigint'],
      [Symbol('nine'), 'symbol'],
    ];
    for (const [value, shown] of cases) {
      assert.deepEqual(checkTarget(value, { maxPods: 9 }), {
        ok: false,
        message: `Expected \`target\` to be an integer from 0 to 9 (maxPods), got ${shown}`,
      });
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true }), (value) => {
        const checked = checkTarget(value, { maxPods: 50 });
        if (checked.ok) assert.ok(checked.target >= 0 && checked.target <= 50);
      }),
    );
  });
});
