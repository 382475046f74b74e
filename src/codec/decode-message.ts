/** Reads what Temporal answers outside of the SDK's own calls: histories and descriptions. */
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

/**
 * Decodes each payload of a message in place, with the codecs of a client; none: nothing to do.
 * Rejects with what a codec rejects with.
 */
export async function decodeMessage(
  message: object,
  codecs: readonly PayloadCodec[],
): Promise<void> {
  if (codecs.length === 0) return;
  // Failures have causes that have causes: a list is as deep as they come.
  const waiting: object[] = [message];
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    for (const [name, value] of Object.entries(parent) as [string, unknown][]) {
      if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
      if (isPayload(value)) {
        (parent as Record<string, unknown>)[name] = await decode(value, codecs);
      } else {
        waiting.push(value);
      }
    }
  }
}

/** The generated classes are no constructors, so a payload is known by what only payloads have. */
function isPayload(value: object): value is Payload {
  const { metadata } = value as { metadata?: { encoding?: unknown } | null };
  return ArrayBuffer.isView(metadata?.encoding);
}

async function decode(payload: Payload, codecs: readonly PayloadCodec[]): Promise<Payload> {
  let payloads = [payload];
  for (const codec of codecs.toReversed()) payloads = await codec.decode(payloads);
  return payloads[0] ?? payload;
}

/** What a failure says, whether it is plain or was a payload, which must be decoded by then. */
export function messageOfFailure(
  failure: temporal.api.failure.v1.IFailure | null | undefined,
): string {
  if (failure?.encodedAttributes) {
    try {
      const said: unknown = defaultPayloadConverter.fromPayload(failure.encodedAttributes);
      const { message } = (said ?? {}) as { message?: unknown };
      if (typeof message === 'string') return message;
    } catch {
      // It is told as Temporal has it.
    }
  }
  return failure?.message ?? '';
}
