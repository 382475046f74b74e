/** The names in paths and bodies: pools and claims. */
import { maxPoolNameLength } from '../../pool/names.ts';
import { Type } from './schema.ts';

/** Longest claimId: it is an annotation and an URL's last part, where each character may take three. */
const maxClaimIdLength = 200;

/** Claims that were not named by their caller have names of this prefix; callers can't use it. */
const serverClaimIdPrefix = 'auto-';

/** One line of text for people: no control characters, line separators or halves of characters. */
const linePattern = '[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]';

/** A pool's name. */
export const poolName = Type.String({
  minLength: 1,
  maxLength: maxPoolNameLength,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  'x-expected': `lower-case letters, digits and dashes, at most ${maxPoolNameLength}`,
  description: 'Name of the pool.',
});

/**
 * Printable ASCII, so that it survives headers, annotations and URLs. `.` and `..` are no claimIds:
 * as the last part of a path they mean another path.
 */
const claimIdPattern = '(?!\\.{1,2}$)[ -~]+$';

/** A claimId that a caller chooses. */
export const chosenClaimId = Type.String({
  minLength: 1,
  maxLength: maxClaimIdLength,
  pattern: `^(?!${serverClaimIdPrefix})${claimIdPattern}`,
  'x-expected': `1 to ${maxClaimIdLength} printable ASCII characters, not beginning with ${serverClaimIdPrefix}`,
  description:
    'Names the claim, so that a retry, at any replica, gets the same pod. Without one the claim is a little faster and a lost reply holds its pod until the lease ends.',
});

/** Any claimId, as it stands in a path. */
export const claimId = Type.String({
  minLength: 1,
  maxLength: maxClaimIdLength,
  pattern: `^${claimIdPattern}`,
  'x-expected': `1 to ${maxClaimIdLength} printable ASCII characters`,
  description: 'The claim.',
});

/** Longest holder or reason: a line for people and dashboards. */
const maxLineLength = 200;

/** A line of text with a description. */
export function line(description: string) {
  return Type.String({
    minLength: 1,
    maxLength: maxLineLength,
    pattern: `^${linePattern}+$`,
    'x-expected': `a line of 1 to ${maxLineLength} characters without control characters`,
    description,
  });
}
