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
 * - input of a workflow: the workflow ends as failed with `BadInput`, it has nothing to work on;
 * - results and failures of activities: no verdict, the activity is launched again;
 * - heartbeat details: as if there were none.
 */
import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';

/** Encodings that Pilotlight sends and reads: nothing, and JSON. */
const knownEncodings = ['binary/null', 'json/plain'];

/** Longest name of a foreign encoding that is quoted. */
const maxEncodingLength = 40;

/** Stands for a payload that can't be read. As JSON, and so in a refusal, it is the reason. */
export class UnreadablePayload {
  readonly #reason: string;

  constructor(reason: string) {
    this.#reason = reason;
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
    const encoding = encodingOf(payload);
    if (!knownEncodings.includes(encoding)) {
      return new UnreadablePayload(`a payload in the unknown encoding "${encoding}"`);
    }
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return new UnreadablePayload('a payload that is not valid JSON');
  }
}

/** The encoding that a payload names, a byte a character; empty when it names none. */
function encodingOf({ metadata }: Payload): string {
  const bytes = metadata?.['encoding'] ?? new Uint8Array();
  return String.fromCharCode(...bytes.subarray(0, maxEncodingLength));
}
