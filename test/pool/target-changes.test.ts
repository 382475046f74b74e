import assert from 'node:assert/strict';
import fc from 'fast-check';
import { requestSpec, requestTarget } from '../../src/pool/requests.ts';
import {
  maxSenderLength,
  maxTargetChanges,
  readSender,
  readTargetChanges,
  senderOf,
} from '../../src/pool/target-changes.ts';
import { statusOf } from '../../src/pool/status.ts';
import { exampleSpec, exampleState } from './examples.ts';

describe('the name of a sender', () => {
  for (const [what, given, read] of [
    ['a user and host', 'ann@laptop', 'ann@laptop'],
    ['a name of other letters', 'Zoë 張 🙂', 'Zoë 張 🙂'],
    ['spaces around and within', '  ann \t of\r\n ops ', 'ann of ops'],
    ['control characters of a terminal', 'a\u001b[31mb\u009b0m\u0007', 'a [31mb 0m'],
    ['marks that turn or hide text', 'a\u202eb\u200bc\u2028d', 'a b c d'],
    ['half a character', 'a\ud83d', 'a'],
    ['nothing', '', null],
    ['nothing to see', '\u200b \n', null],
    ['a number', 7, null],
    ['an object', { toString: 1 }, null],
    ['no name at all', undefined, null],
  ] as const) {
    it(`is read of ${what}`, () => assert.equal(readSender(given), read));
  }

  it('is cut, of a megabyte too, and not in the middle of a character', () => {
    assert.equal(readSender('x'.repeat(1_000_000)), 'x'.repeat(maxSenderLength));
    assert.equal(readSender(`${'x'.repeat(maxSenderLength - 1)}🙂`)?.length, maxSenderLength - 1);
  });

  it('is one printable line whatever is given, and reads the same again (P9)', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.anything());
    fc.assert(
      fc.property(text, (given) => {
        const name = readSender(given);
        if (name === null) return;
        assert.ok(name.length > 0 && name.length <= maxSenderLength);
        assert.doesNotMatch(name, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        assert.equal(readSender(name), name);
      }),
    );
  });

  it('is looked for in anything that a message may be', () => {
    assert.equal(senderOf({ target: 1, by: 'ann' }), 'ann');
    fc.assert(
      fc.property(fc.anything(), (given) => {
        const name = senderOf(given);
        assert.ok(name === null || name.length > 0);
      }),
    );
  });
});

describe('the changes of a target', () => {
  const request = (warmTarget: number) => ({
    ...{ spec: exampleSpec({ warmTarget }), namespace: 'default' },
  });

  it('are remembered with who asked, by a signal, an update or an applied spec', () => {
    const named = requestTarget(exampleState(), { target: 4, by: 'ann@laptop' }, 1_000);
    const unnamed = requestTarget(named, 2, 2_000);
    const applied = requestSpec(unnamed, { ...request(5), by: 'ci (API)' }, 3_000);
    assert.deepEqual(applied.targetChanges, [
      { atMs: 1_000, from: 3, to: 4, by: 'ann@laptop' },
      { atMs: 2_000, from: 4, to: 2, by: null },
      { atMs: 3_000, from: 2, to: 5, by: 'ci (API)' },
    ]);
    const shown = statusOf({ state: applied, nowMs: 4_000 }).targetChanges;
    assert.deepEqual(shown, applied.targetChanges.toReversed());
  });

  it('are none when the target stays or is refused', () => {
    const state = exampleState();
    assert.deepEqual(requestTarget(state, { target: 3, by: 'ann' }, 1).targetChanges, []);
    assert.deepEqual(requestTarget(state, { target: -3, by: 'ann' }, 1).targetChanges, []);
    assert.deepEqual(requestSpec(state, { ...request(3), by: 'ann' }, 1).targetChanges, []);
  });

  it('are followed whatever the name is (P8)', () => {
    fc.assert(
      fc.property(fc.anything(), (by) => {
        const { spec, targetChanges, lastRefusal } = requestTarget(
          exampleState(),
          { target: 4, by },
          1,
        );
        assert.equal(spec.warmTarget, 4);
        assert.equal(targetChanges.length, 1);
        assert.equal(lastRefusal, null);
      }),
    );
  });

  it('are the latest five, in less than 1 KB (P9)', () => {
    let state = exampleState();
    for (let n = 0; n < 50; n += 1) {
      state = requestTarget(state, { target: n % 2, by: '"'.repeat(1_000) }, n);
    }
    assert.deepEqual(
      state.targetChanges.map(({ atMs }) => atMs),
      [45, 46, 47, 48, 49],
    );
    const longest = state.targetChanges.map((change) => ({ ...change, by: 'x'.repeat(120) }));
    assert.ok(JSON.stringify(longest).length < 1_024);
  });

  it('survive JSON (P11)', () => {
    const state = requestTarget(exampleState(), { target: 4, by: 'Zoë' }, 1_000);
    const carried: unknown = JSON.parse(JSON.stringify(state.targetChanges));
    assert.deepEqual(readTargetChanges(carried), state.targetChanges);
  });

  it('are read from a state as far as they can be, and never raise', () => {
    const change = { atMs: 1, from: 2, to: 3, by: 'ann' };
    const read = readTargetChanges([
      ...[
        { ...change, atMs: 'x' },
        { ...change, atMs: 1e300 },
        { ...change, from: -1 },
      ],
      ...[{ ...change, to: 1.5 }, null, 'x'],
    ]);
    assert.deepEqual(read, []);
    assert.deepEqual(readTargetChanges([{ ...change, by: 'a\u001bb', more: 1 }]), [
      { ...change, by: 'a b' },
    ]);
    assert.equal(readTargetChanges(Array(1_000).fill(change)).length, maxTargetChanges);
    fc.assert(fc.property(fc.anything(), (given) => void readTargetChanges(given)));
  });
});
