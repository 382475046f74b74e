/**
 * How an encrypted payload looks from outside. The encoding and the name of the key are as in the
 * samples of Temporal's own SDKs, so that a codec server made after them reads ours.
 */
import type { Payload } from '@temporalio/common';

/** The encoding of every encrypted payload, ours or not. */
export const encryptedEncoding = 'binary/encrypted';

/** Names of metadata. The fingerprint is ours: with it a payload says that Pilotlight wrote it. */
export const encryptedMetadata = {
  keyId: 'encryption-key-id',
  fingerprint: 'pilotlight-key-fingerprint',
} as const;

/** Longest piece of foreign metadata that is read: our own names are shorter. */
const maxCharacters = 80;

/** A piece of a payload's metadata as text, a byte a character, cut; empty when it is not there. */
export function metadataText({ metadata }: Payload, name: string): string {
  const bytes = metadata?.[name] ?? new Uint8Array();
  return String.fromCharCode(...bytes.subarray(0, maxCharacters));
}

/** The id of the key when Pilotlight has encrypted the payload, or somebody claims so; else null. */
export function keyOfOurs(payload: Payload): string | null {
  if (metadataText(payload, 'encoding') !== encryptedEncoding) return null;
  const isOurs = metadataText(payload, encryptedMetadata.fingerprint) !== '';
  return isOurs ? metadataText(payload, encryptedMetadata.keyId) : null;
}
