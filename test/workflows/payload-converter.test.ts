import assert from 'node:assert/strict';
import fc from 'fast-check';
import { payloadConverter, UnreadablePayload } from '../../src/workflows/payload-converter.ts';

const metadata = (encoding: string): Record<string, Uint8Array> => ({
  encoding: Buffer.from(encoding),
});
const read = (payload: object): unknown => payloadConverter.fromPayload(payload);

describe('the payload converter', () => {
  it('reads back every JSON value, and nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const sent = JSON.parse(JSON.stringify(value)) as unknown;
        assert.deepEqual(read(payloadConverter.toPayload(sent)), sent);
      }),
    );
    assert.equal(read(payloadConverter.toPayload(undefined)), undefined);
  });

  const unreadable: [string, object, RegExp][] = [
    ['another encoding', { metadata: metadata('binary/x'), data: Buffer.of(1) }, /"binary\/x"/],
    ['bytes', { metadata: metadata('binary/plain'), data: Buffer.of(1) }, /"binary\/plain"/],
    ['no metadata', { data: Buffer.from('9') }, /unknown encoding ""/],
    ['metadata of null', { metadata: null }, /unknown encoding ""/],
    ['no data', { metadata: metadata('json/plain') }, /not valid JSON/],
    ['cut JSON', { metadata: metadata('json/plain'), data: Buffer.from('{') }, /not valid JSON/],
  ];
  for (const [what, payload, said] of unreadable) {
    it(`gives a value that says why for ${what}`, () => {
      const value = read(payload);
      assert.ok(value instanceof UnreadablePayload);
      assert.match(JSON.stringify({ value }), said.source.includes('"') ? /unknown enc/ : said);
      assert.match(value.toJSON(), said);
    });
  }

  it('never throws, and quotes little of a long encoding (P8)', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 200 }), (data, encoding) => {
        const value = read({ metadata: { encoding }, data });
        if (value instanceof UnreadablePayload) assert.ok(value.toJSON().length < 100);
      }),
    );
  });
});
