/**
 * Failures whose messages and stack traces are payloads, which a codec then encrypts: Temporal would
 * keep them as plain text. Used where payloads are encrypted, and nowhere else, since without a codec
 * they would only be harder to read. Every release reads both kinds.
 */
import { DefaultFailureConverter, type FailureConverter } from '@temporalio/common';

/** The converter, by the name that `failureConverterPath` expects. */
export const failureConverter: FailureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: true,
});
