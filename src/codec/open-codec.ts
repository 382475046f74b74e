import { EncryptionCodec, noKeys } from './encryption-codec.ts';

/**
 * The codec by the keys of a file; without a file one that encrypts nothing, and says which key is
 * missing when it meets a payload of ours. Raises when the file can't be used, naming the variable and
 * no key.
 */
export async function openCodec(keysFile: string | null): Promise<EncryptionCodec> {
  if (keysFile === null) return new EncryptionCodec(noKeys);
  // What reads the file is loaded by those alone who have one.
  const { readKeyring } = await import('./keyring.ts');
  return new EncryptionCodec(await readKeyring(keysFile));
}
