/** How the program that calls may trace: by OpenTelemetry's one global, that of version 1 of its API. */
const openTelemetry = Symbol.for('opentelemetry.js.api.1');

/**
 * The W3C headers of the span that the program is in, so that its trace goes on in the API; none in a
 * program that registered no tracer, for which nothing is loaded.
 */
export async function traceHeaders(): Promise<Record<string, string>> {
  if (!(openTelemetry in globalThis)) return {};
  const { context, propagation } = await import('@opentelemetry/api');
  // What else a program propagates, as baggage, is not for us.
  const all: { traceparent?: string; tracestate?: string } = {};
  propagation.inject(context.active(), all);
  const { traceparent, tracestate } = all;
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(traceparent === undefined || tracestate === undefined ? {} : { tracestate }),
  };
}
