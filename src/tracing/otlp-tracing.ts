/**
 * Spans by OpenTelemetry, sent by OTLP over HTTP as JSON. Nothing that a collector does reaches the work
 * that is traced:
 *   Spans that end are put into a queue of limited length and sent from there, a batch at a time; what
 *   finds it full is dropped. A collector that is silent or away costs its spans, never a wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import type { Sampling, TracingSettings } from './settings.ts';
import type { Facts, Span, SpanStart, Tracer, Tracing } from './span.ts';

/** Spans that wait to be sent. Each takes about 1 KB, a claim has 3 or 4: 1,000 claims, 4 MB. */
const maxQueuedSpans = 4_096;

/** Sent at once when as many wait: half a megabyte of JSON. */
const maxBatchedSpans = 512;

/** Sent after this otherwise; a person who looks for a trace waits no longer. */
const batchDelayMs = 2_000;

/** What is kept of a value that is longer. The names of pools and pods are shorter. */
const maxValueLength = 256;

/** Marks of one span: a claim that races on and on makes two a try. */
const maxNotes = 64;

/** What the end of a process waits for its last spans. Kubernetes kills after 30 s, the API's own end takes 10. */
const flushDeadlineMs = 2_000;

/** A collector that is away fails every batch; one line a minute says so. */
const troubleEveryMs = 60_000;

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

/** The traces of one process. */
export class OtlpTracing implements Tracing {
  readonly tracer: Tracer;
  readonly #provider: TracerProvider;
  readonly #onTrouble: (message: string) => void;
  #toldAtMs = -Infinity;

  constructor(settings: TracingSettings, onTrouble: (message: string) => void) {
    this.#onTrouble = onTrouble;
    const exporter = tellingFailures(new OTLPTraceExporter(), (error) => this.#tell(error));
    this.#provider = new TracerProvider({
      resource: defaultResource()
        .merge(resourceFromAttributes({ 'service.name': settings.serviceName }))
        .merge(
          detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
        ),
      sampler: samplerOf(settings.sampling),
      spanLimits: { attributeValueLengthLimit: maxValueLength, eventCountLimit: maxNotes },
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: maxQueuedSpans,
          maxExportBatchSize: maxBatchedSpans,
          scheduledDelayMillis: batchDelayMs,
        }),
      ],
    });
    const tracer = this.#provider.getTracer('pilotlight');
    const propagator = new W3CTraceContextPropagator();
    this.tracer = {
      start: ({ headers = {}, ...start }) => {
        const carrier = { ...headers, traceparent: lastOf(headers['traceparent']) };
        const context = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
        return begin(tracer, context, start);
      },
    };
  }

  async close(): Promise<void> {
    const ending = new AbortController();
    const late = sleep(flushDeadlineMs, undefined, { signal: ending.signal }).then(
      () => this.#tell(new Error('the last spans were not taken in time')),
      () => undefined,
    );
    const flushed = this.#provider.shutdown().catch((error: unknown) => this.#tell(error));
    await Promise.race([flushed, late]);
    ending.abort();
  }

  #tell(error: unknown): void {
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < troubleEveryMs) return;
    this.#toldAtMs = nowMs;
    this.#onTrouble(error instanceof Error ? error.message : String(error));
  }
}

/** A span and the context that its parts begin in. */
function begin(tracer: OtelTracer, parent: Context, { name, kind, facts }: SpanStart): Span {
  const span: OtelSpan = tracer.startSpan(
    name,
    {
      kind: kind === undefined ? SpanKind.INTERNAL : kinds[kind],
      ...(facts === undefined ? {} : { attributes: facts }),
    },
    parent,
  );
  const context = trace.setSpan(parent, span);
  return {
    child: (start) => begin(tracer, context, start),
    tell: (more: Facts) => void span.setAttributes(more),
    note: (event) => void span.addEvent(event),
    end(fault) {
      if (fault !== undefined) {
        span.setAttribute('error.type', fault);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

/**
 * A caller whose fetch is instrumented may send two: that of its program, then that of the very request,
 * which is the nearer one. Node joins them with a comma.
 */
function lastOf(header: string | string[] | undefined): string {
  return [header ?? ''].flat().join(',').split(',').at(-1)?.trim() ?? '';
}

function samplerOf({ followsCaller, ratio }: Sampling): Sampler {
  const root =
    ratio === 1
      ? new AlwaysOnSampler()
      : ratio === 0
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(ratio);
  return followsCaller ? new ParentBasedSampler({ root }) : root;
}

/** The exporter; the queue in front of it keeps its failures to itself. */
function tellingFailures(exporter: SpanExporter, tell: (error: unknown) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code !== ExportResultCode.SUCCESS) tell(result.error ?? 'spans were refused');
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
