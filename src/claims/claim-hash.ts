import { createHash } from 'node:crypto';

/** Hexadecimal digits of the hash: 160 bits never collide, and 63 are a label value's limit. */
const claimHashLength = 40;

/** The value of the claim label, and the end of the claim record's name, for a claimId. */
export function claimHashOf(claimId: string): string {
  return createHash('sha256').update(claimId).digest('hex').slice(0, claimHashLength);
}
