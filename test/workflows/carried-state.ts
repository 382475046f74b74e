/** The states that a recorded history was given and has passed on. */

interface RecordedPayloads {
  input?: { payloads?: { data?: string }[] };
}

interface RecordedHistory {
  events: {
    workflowExecutionStartedEventAttributes?: RecordedPayloads;
    workflowExecutionContinuedAsNewEventAttributes?: RecordedPayloads;
  }[];
}

/** The carried state of every pool input in a history as JSON, those of a new life left out. */
export function carriedStates(history: unknown): unknown[] {
  return (history as RecordedHistory).events.flatMap((event) => {
    const attributes =
      event.workflowExecutionStartedEventAttributes ??
      event.workflowExecutionContinuedAsNewEventAttributes;
    const data = attributes?.input?.payloads?.[0]?.data;
    if (data === undefined) return [];
    const input = JSON.parse(Buffer.from(data, 'base64').toString()) as { carried?: unknown };
    return input.carried === undefined ? [] : [input.carried];
  });
}
