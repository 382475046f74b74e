import { createHash } from 'node:crypto';
import { toKeyring, type Keyring } from '../../src/codec/keyring.ts';

/** The text of a file with a key for each name, made from it; the first one encrypts. */
export function keysFileOf(...names: [string, ...string[]]): string {
  const entries = names.map((name) => {
    const key = createHash('sha256').update(name).digest('base64');
    // `id#anything` makes another key of the same id.
    return `  - { id: ${name.replace(/#.*/, '')}, key: ${key} }\n`;
  });
  return `encryptWith: ${names[0].replace(/#.*/, '')}\nkeys:\n${entries.join('')}`;
}

/** A keyring of such keys. */
export function keyringOf(...names: [string, ...string[]]): Keyring {
  return toKeyring(keysFileOf(...names));
}
