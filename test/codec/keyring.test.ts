import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKeyring, toKeyring } from '../../src/codec/keyring.ts';
import { openCodec } from '../../src/codec/open-codec.ts';

/** A key whose text is easy to find in an error. */
const secretOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64');

const entry = (id: string, key: string): string => `  - { id: ${id}, key: ${key} }\n`;

describe('the file of payload keys', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-keys-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('names the key that encrypts; the others decrypt', () => {
    const text = `encryptWith: new\nkeys:\n${entry('old', secretOf(1))}${entry('new', secretOf(2))}`;
    const { encryptWith, keys } = toKeyring(text);
    assert.equal(encryptWith?.id, 'new');
    assert.deepEqual(encryptWith.secret, Buffer.alloc(32, 2));
    assert.deepEqual(
      keys.map(({ id }) => id),
      ['old', 'new'],
    );
  });

  it('may have no key that encrypts: so begins and ends the time of encryption', async () => {
    const path = join(folder, 'reads.yaml');
    await writeFile(path, `keys:\n${entry('k', secretOf(1))}`);
    assert.equal((await openCodec(path)).encrypts, false);
    assert.equal((await openCodec(null)).encrypts, false);
  });

  it('gives two keys of the same id different fingerprints, of which neither tells the key', () => {
    const [one, two] = [1, 2].map((byte) => toKeyring(`keys:\n${entry('k', secretOf(byte))}`));
    const fingerprint = one?.keys[0]?.fingerprint ?? '';
    assert.match(fingerprint, /^[0-9a-f]{16}$/);
    assert.notEqual(fingerprint, two?.keys[0]?.fingerprint);
    assert.ok(!Buffer.alloc(32, 1).toString('hex').includes(fingerprint));
  });

  const short = Buffer.alloc(31, 7).toString('base64');
  const wrong: [string, string, RegExp][] = [
    ['is empty', '', /Expected a mapping with `keys`/],
    ['is a list', '- 1', /Expected a mapping with `keys`/],
    ['has no keys', 'encryptWith: a', /keys: /],
    ['has an empty list', 'keys: []', /keys: /],
    ['has another field', `key: x\nkeys:\n${entry('k', secretOf(7))}`, /Expected a mapping with/],
    ['has a short key', `keys:\n${entry('k', short)}`, /key 1: key: .*32 bytes.*got 44 characters/],
    ['has a number', `keys:\n${entry('k', '7')}`, /key 1: key: .*32 bytes in base64, got number/],
    ['has a key in hex', `keys:\n${entry('k', '07'.repeat(32))}`, /key 1: key: .*got/],
    ['has a key with more to it', `keys:\n${entry('k', `${secretOf(7)}!`)}`, /key 1: key/],
    ['has a key for an id', `keys:\n  - { ${secretOf(7)}: k }`, /key 1: .*`id` and `key`/],
    ['has an id of spaces', `keys:\n${entry('"a b"', secretOf(7))}`, /key 1: id: Expected 1 to 40/],
    [
      'has an id twice',
      `keys:\n${entry('k', secretOf(7))}${entry('k', secretOf(8))}`,
      /each id once/,
    ],
    [
      'has a key twice',
      `keys:\n${entry('a', secretOf(7))}${entry('b', secretOf(7))}`,
      /each key once/,
    ],
    [
      'encrypts with another',
      `encryptWith: x\nkeys:\n${entry('k', secretOf(7))}`,
      /one of k, got x/,
    ],
    ['is no YAML', `keys: [${secretOf(7)}`, /./],
    ['is too long', ' '.repeat(70_000), /more than 64000 characters/],
  ];
  for (const [what, text, said] of wrong) {
    it(`is refused when it ${what}, with the variable, the file and no key`, async () => {
      const path = join(folder, 'wrong.yaml');
      await writeFile(path, text);
      await assert.rejects(readKeyring(path), ({ message }: Error) => {
        assert.ok(message.startsWith('Expected PILOTLIGHT_PAYLOAD_KEYS_FILE to name a YAML file'));
        assert.ok(message.includes(path));
        assert.match(message, said);
        for (const key of [secretOf(7), short, '07'.repeat(32)]) {
          assert.ok(!message.includes(key.slice(0, 20)), message);
        }
        return true;
      });
    });
  }

  it('is refused when it is not there', async () => {
    await assert.rejects(
      openCodec(join(folder, 'none')),
      /PILOTLIGHT_PAYLOAD_KEYS_FILE .*none": ENOENT/,
    );
  });
});
