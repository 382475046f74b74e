/**
 * Encrypts what Temporal is given: AES-256-GCM over the whole payload, its own metadata included.
 *
 * C1. What a payload is read as depends on nothing but the payload and its key. A run is replayed by
 *     whichever worker is at hand, and one that read a message otherwise would decide otherwise. So a
 *     payload of ours under a key that is not there is an error: the workflow task fails and is tried
 *     again until a worker has the key, and nothing is decided meanwhile.
 * C2. What is not ours never fails a task (P8). Payloads in other encodings stay as they are, plain
 *     ones among them: people send signals by hand. So do those that a codec of somebody else
 *     encrypted under a key of another name, and those that do not decrypt: whoever reads them
 *     refuses them.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import {
  encryptedEncoding,
  encryptedMetadata,
  keyOfOurs,
  metadataText,
} from '../workflows/encrypted-payload.ts';
import type { Keyring, PayloadKey } from './keyring.ts';
import { keysFileVariable } from './keys-file-variable.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const cipher = 'aes-256-gcm';

/** What GCM is made for. Random ones are safe for 2^32 payloads of a key: 3 years at 40 a second. */
const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts nothing, and says which key is missing. */
export const noKeys: Keyring = { encryptWith: null, keys: [] };

/** A payload of ours needs a key that is not in the file. */
export class MissingKeyError extends Error {
  constructor(missing: { id: string; fingerprint: string }, { keys }: Keyring) {
    const show = ({ id, fingerprint }: { id: string; fingerprint: string }): string =>
      `${id} (fingerprint ${fingerprint})`;
    super(
      `Expected ${keysFileVariable} to hold the key ${show(missing)} of a payload, got ${keys.map(show).join(', ') || 'none'}`,
    );
    this.name = 'MissingKeyError';
  }
}

/** Encrypts with one key of a keyring, or with none, and decrypts with all of them. */
export class EncryptionCodec implements PayloadCodec {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** Whether it encrypts, and not only decrypts. */
  get encrypts(): boolean {
    return this.#keyring.encryptWith !== null;
  }

  /** Each payload encrypted; as it was when no key of the file encrypts. */
  encode(payloads: Payload[]): Promise<Payload[]> {
    const { encryptWith } = this.#keyring;
    if (encryptWith === null) return Promise.resolve(payloads);
    return Promise.resolve(payloads.map((payload) => encrypt(payload, encryptWith)));
  }

  /** Each payload decrypted, or as it was (C2). Rejects with `MissingKeyError` (C1). */
  decode(payloads: Payload[]): Promise<Payload[]> {
    return new Promise((resolve) => resolve(payloads.map((payload) => this.#read(payload))));
  }

  #read(payload: Payload): Payload {
    if (metadataText(payload, 'encoding') !== encryptedEncoding) return payload;
    const key = this.#keyOf(payload);
    if (key === undefined) return payload;
    try {
      return decrypt(payload.data ?? new Uint8Array(), key);
    } catch {
      return payload;
    }
  }

  #keyOf(payload: Payload): PayloadKey | undefined {
    const { keys } = this.#keyring;
    const id = metadataText(payload, encryptedMetadata.keyId);
    // A codec server that is not ours names its key and nothing more.
    if (keyOfOurs(payload) === null) return keys.find((key) => key.id === id);
    const fingerprint = metadataText(payload, encryptedMetadata.fingerprint);
    const key = keys.find((known) => known.fingerprint === fingerprint);
    if (key === undefined) throw new MissingKeyError({ id, fingerprint }, this.#keyring);
    return key;
  }
}

/** Nonce, what was encrypted, tag: the order of Temporal's samples. */
function encrypt(payload: Payload, { id, fingerprint, secret }: PayloadKey): Payload {
  const nonce = randomBytes(nonceBytes);
  const encryption = createCipheriv(cipher, secret, nonce, { authTagLength: tagBytes });
  const plain = PayloadMessage.encode(payload).finish();
  const parts = [nonce, encryption.update(plain), encryption.final(), encryption.getAuthTag()];
  return {
    metadata: {
      encoding: Buffer.from(encryptedEncoding),
      [encryptedMetadata.keyId]: Buffer.from(id),
      [encryptedMetadata.fingerprint]: Buffer.from(fingerprint),
    },
    data: Buffer.concat(parts),
  };
}

/** Raises when the key is another one, or a bit of it was changed. */
function decrypt(data: Uint8Array, { secret }: PayloadKey): Payload {
  const nonce = data.subarray(0, nonceBytes);
  const decryption = createDecipheriv(cipher, secret, nonce, { authTagLength: tagBytes });
  decryption.setAuthTag(data.subarray(-tagBytes));
  const sealed = data.subarray(nonceBytes, -tagBytes);
  const plain = Buffer.concat([decryption.update(sealed), decryption.final()]);
  return PayloadMessage.decode(plain);
}
