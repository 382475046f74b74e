import assert from 'node:assert/strict';
import TypeBox from 'typebox';
import { Type } from '../../src/client/wire/schema.ts';

describe('a schema of the wire', () => {
  const written: [string, (builders: typeof Type) => object][] = [
    ['an array', (T) => T.Array(T.String(), { maxItems: 3 })],
    ['a boolean', (T) => T.Boolean({ description: 'Yes or no.' })],
    ['an integer', (T) => T.Integer({ minimum: 1 })],
    ['a literal', (T) => T.Object({ text: T.Literal('a'), fact: T.Literal(true) })],
    ['a number', (T) => T.Number({ maximum: 1 })],
    ['an object without fields', (T) => T.Object({}, { additionalProperties: false })],
    ['an object without required fields', (T) => T.Object({ a: T.Optional(T.String()) })],
    [
      'an object with both',
      (T) => {
        const text = T.String();
        return T.Object({ a: T.Optional(text), b: text }, { description: 'Both.' });
      },
    ],
    ['a record', (T) => T.Record(T.String(), T.String(), { maxProperties: 2 })],
    ['a record of some keys', (T) => T.Record(T.String({ pattern: '^a' }), T.Integer())],
    ['a union', (T) => T.Union([T.String(), T.Null()], { description: 'Perhaps.' })],
    ['what it does not know', (T) => T.Unsafe({ type: ['string', 'null'] })],
  ];
  for (const [what, write] of written) {
    it(`is what TypeBox writes: ${what}`, () => {
      assert.equal(JSON.stringify(write(Type)), JSON.stringify(write(TypeBox)));
    });
  }
});
