/**
 * Reads what others have sent to a workflow or an activity, whatever it is.
 *
 * The SDK decodes arguments before any handler of ours runs, and one that it can't decode fails the
 * workflow task, which is then retried for ever with that message in front of all later ones. So
 * what can't be read becomes a value that every handler refuses like any other malformed input (P8).
 *
 * Where the SDK decodes, and what the value comes to there:
 * - signals: the handler refuses it and says so in `status.lastRefusal`;
 * - updates: the validator refuses it, and its sender gets the reason;
 * - queries: the only one takes no argument and ignores it;
 * - input of a workflow: the workflow ends as failed with `BadInput`, it has nothing to work on; one
 *   that Pilotlight has encrypted waits for a worker that can read it (src/codec);
 * - results and failures of activities: no verdict, the activity is launched again;
 * - heartbeat details: as if there were none.
 */
import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';
import { keyOfOurs, metadataText } from './encrypted-payload.ts';

/** Encodings that Pilotlight sends and reads: nothing, and JSON. */
const knownEncodings = ['binary/null', 'json/plain'];

/** Longest name of a foreign encoding or key that is quoted. */
const maxEncodingLength = 40;

/** Stands for a payload that can't be read. As JSON, and so in a refusal, it is the reason. */
export class UnreadablePayload {
  readonly #reason: string;
  /** Whether Pilotlight has encrypted it: a worker with the right keys would read it. */
  readonly isEncrypted: boolean;

  constructor(reason: string, isEncrypted = false) {
    this.#reason = reason;
    this.isEncrypted = isEncrypted;
  }

  toJSON(): string {
    return this.#reason;
  }
}

/** The converter of workers, by the name that `payloadConverterPath` expects. Reading never throws. */
export const payloadConverter: PayloadConverter = {
  toPayload: (value: unknown) => defaultPayloadConverter.toPayload(value),
  // The interface promises whatever type is asked for; who asks checks it.
  fromPayload: (payload: Payload) => read(payload) as never,
};

function read(payload: Payload): unknown {
  try {
    const encoding = metadataText(payload, 'encoding').slice(0, maxEncodingLength);
    const keyId = keyOfOurs(payload);
    if (keyId !== null) {
      const name = keyId.slice(0, maxEncodingLength);
      return new UnreadablePayload(`a payload that is encrypted with the key "${name}"`, true);
    }
    if (!knownEncodings.includes(encoding)) {
      return new UnreadablePayload(`a payload in the unknown encoding "${encoding}"`);
    }
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return new UnreadablePayload('a payload that is not valid JSON');
  }
}
