import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import fc from 'fast-check';
import { EncryptionCodec, MissingKeyError } from '../../src/codec/encryption-codec.ts';
import { openCodec } from '../../src/codec/open-codec.ts';
import { payloadConverter, UnreadablePayload } from '../../src/workflows/payload-converter.ts';
import { keyringOf } from './keyring-of.ts';

const codecOf = (...names: [string, ...string[]]): EncryptionCodec =>
  new EncryptionCodec(keyringOf(...names));

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function encrypted(value: unknown, codec = codecOf('k')): Promise<Payload> {
  const [payload] = await codec.encode([defaultPayloadConverter.toPayload(value)]);
  assert.ok(payload);
  return payload;
}

/** What a worker takes a payload for. */
async function readBy(codec: EncryptionCodec, payload: Payload): Promise<unknown> {
  const [decoded] = await codec.decode([payload]);
  assert.ok(decoded);
  return payloadConverter.fromPayload(decoded);
}

const payloads = fc.record({
  metadata: fc.dictionary(fc.string(), fc.uint8Array()),
  data: fc.uint8Array({ maxLength: 1_000 }),
});

describe('the codec that encrypts', () => {
  it('gives back any payload as it was, metadata included', async () => {
    const codec = codecOf('k');
    await fc.assert(
      fc.asyncProperty(fc.array(payloads), async (given) => {
        const sent = await codec.encode(given);
        for (const [index, { metadata, data }] of (await codec.decode(sent)).entries()) {
          assert.deepEqual(Buffer.from(data ?? []), Buffer.from(given[index]?.data ?? []));
          assert.deepEqual(
            Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value)]),
            Object.entries(given[index]?.metadata ?? {}).map(([k, v]) => [k, Buffer.from(v)]),
          );
        }
        assert.equal(sent.length, given.length);
      }),
    );
  });

  it('shows the name of the key and nothing of what it encrypts', async () => {
    const secret = { pool: 'duckling-exclusive' };
    const [one, two] = [await encrypted(secret), await encrypted(secret)];
    const { metadata } = one;
    assert.deepEqual(Object.keys(metadata ?? {}).sort(), [
      ...['encoding', 'encryption-key-id', 'pilotlight-key-fingerprint'],
    ]);
    assert.deepEqual(metadata?.['encoding'], Buffer.from('binary/encrypted'));
    assert.deepEqual(metadata['encryption-key-id'], Buffer.from('k'));
    for (const { data } of [one, two]) {
      assert.ok(!Buffer.from(data ?? []).includes('duckling'));
      assert.ok(!Buffer.from(data ?? []).includes('json/plain'));
    }
    assert.notDeepEqual(one.data, two.data, 'a nonce was used twice');
  });

  it('reads what each key of the file has encrypted, so that keys can be changed', async () => {
    const old = await encrypted(1, codecOf('old'));
    const fresh = await encrypted(2, codecOf('fresh'));
    const both = codecOf('fresh', 'old');
    assert.deepEqual([await readBy(both, old), await readBy(both, fresh)], [1, 2]);
    assert.deepEqual(
      (await encrypted(3, both)).metadata?.['encryption-key-id'],
      Buffer.from('fresh'),
    );
  });

  it('encrypts nothing, and reads all, when no key of the file is said to encrypt', async () => {
    const reader = new EncryptionCodec({ ...keyringOf('k'), encryptWith: null });
    assert.equal(reader.encrypts, false);
    const plain = defaultPayloadConverter.toPayload(1);
    assert.deepEqual(await reader.encode([plain]), [plain]);
    assert.equal(await readBy(reader, await encrypted(2)), 2);
  });

  // C1. A worker that took such a message for unreadable decided otherwise than one with the key.
  it('fails the task, and names the key, when a key of ours is missing', async () => {
    const payload = await encrypted(1, codecOf('gone'));
    await assert.rejects(codecOf('k').decode([payload]), (error) => {
      assert.ok(error instanceof MissingKeyError);
      assert.match(
        error.message,
        /PILOTLIGHT_PAYLOAD_KEYS_FILE .* key gone \(fingerprint \w{16}\)/,
      );
      assert.match(error.message, /got k \(fingerprint \w{16}\)$/);
      return true;
    });
  });

  it('says to a person without any keys which one is needed', async () => {
    const payload = await encrypted(1);
    await assert.rejects(
      async () => (await openCodec(null)).decode([payload]),
      /PILOTLIGHT_PAYLOAD_KEYS_FILE to hold the key k .* got none$/,
    );
  });

  // A key that is made anew under the name of the old one would else end every pool as unreadable.
  it('does the same for another key of that id', async () => {
    const payload = await encrypted(1, codecOf('k#1'));
    await assert.rejects(codecOf('k#2').decode([payload]), MissingKeyError);
  });

  it('leaves what was changed on the way as it is, for which nobody reads it', async () => {
    const codec = codecOf('k');
    const payload = await encrypted({ target: 6 });
    const data = Buffer.from(payload.data ?? []);
    await fc.assert(
      fc.asyncProperty(fc.nat(data.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(data);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const [decoded] = await codec.decode([{ ...payload, data: changed }]);
        assert.ok(decoded);
        const value = payloadConverter.fromPayload(decoded);
        assert.ok(value instanceof UnreadablePayload && value.isEncrypted);
        assert.match(value.toJSON(), /encrypted with the key "k"/);
        // A client asks the converter of the SDK, which raises.
        assert.throws(() => defaultPayloadConverter.fromPayload(decoded), /binary\/encrypted/);
      }),
    );
  });

  it('reads plain payloads: people send signals by hand', async () => {
    assert.equal(await readBy(codecOf('k'), defaultPayloadConverter.toPayload(9)), 9);
  });

  it('reads what a codec server of somebody else has encrypted with our key', async () => {
    const keyring = keyringOf('k');
    const nonce = Buffer.alloc(12, 3);
    const cipher = createCipheriv('aes-256-gcm', keyring.keys[0]?.secret ?? '', nonce);
    const plain = proto.temporal.api.common.v1.Payload.encode(defaultPayloadConverter.toPayload(7));
    const parts = [nonce, cipher.update(plain.finish()), cipher.final(), cipher.getAuthTag()];
    const metadata = {
      encoding: bytes('binary/encrypted'),
      'encryption-key-id': bytes('k'),
    };
    const payload = { metadata, data: Buffer.concat(parts) };
    assert.equal(await readBy(new EncryptionCodec(keyring), payload), 7);
  });

  it('never fails the task for what is not ours (P8)', async () => {
    const codec = codecOf('k');
    const encoding = fc.constantFrom('binary/encrypted', 'json/plain', '').map(bytes);
    const foreign = fc.record({
      metadata: fc.record({ encoding, 'encryption-key-id': fc.string().map(bytes) }),
      data: fc.option(fc.uint8Array()),
    });
    await fc.assert(
      fc.asyncProperty(foreign, async (payload) => {
        assert.deepEqual(await codec.decode([payload]), [payload]);
      }),
    );
    const cut = { metadata: { encoding: bytes('binary/encrypted') } };
    assert.ok((await readBy(codec, cut)) instanceof UnreadablePayload);
  });
});
