import assert from 'node:assert/strict';
import { ClaimError, type ClaimErrorCode } from '../../src/claims/claim-error.ts';

/** For `assert.rejects`: the rejection is a ClaimError of this code. */
export function hasCode(code: ClaimErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ClaimError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}
