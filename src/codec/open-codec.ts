import { EncryptionCodec, noKeys } from './encryption-codec.ts';
import { readKeyring } from './keyring.ts';

/**
 * The codec by the keys of a file; without a file one that encrypts nothing, and says which key is
 * missing when it meets a payload of ours. Raises when the file can't be used, naming the variable and
 * no key.
 */
export async function openCodec(keysFile: string | null): Promise<EncryptionCodec> {
  return new EncryptionCodec(keysFile === null ? noKeys : await readKeyring(keysFile));
}
