/** A collector on loopback: takes OTLP over HTTP as JSON, or is as unfriendly as a test wants. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { openTracing } from '../../src/tracing/open-tracing.ts';
import type { Tracing } from '../../src/tracing/span.ts';

/** A span as it was sent. */
export interface SentSpan {
  name: string;
  traceId: string;
  spanId: string;
  /** Empty at the root. */
  parentSpanId: string;
  /** 2: server, 3: client, 1: neither. */
  kind: number;
  isFault: boolean;
  facts: Record<string, unknown>;
  /** What is said of the process that sent it. */
  resource: Record<string, unknown>;
  notes: string[];
}

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

interface Payload {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: (Omit<SentSpan, 'parentSpanId'> & {
        parentSpanId?: string;
        status?: { code?: number };
        attributes?: Attribute[];
        events?: { name: string }[];
      })[];
    }[];
  }[];
}

/** A collector that listens, with what it has been sent so far. */
export interface Collector {
  url: string;
  spans: SentSpan[];
  /** Bodies as they came, and the paths that they came to. */
  bodies: string[];
  paths: string[];
  stop: () => Promise<void>;
}

/** A collector and this process's traces that go to it. */
export interface TracedProcess extends Omit<Collector, 'stop'> {
  tracing: Tracing;
  troubles: string[];
}

/** Starts a collector; `answer` decides what it says to each batch. */
export async function startCollector(
  answer: (response: ServerResponse) => void = (response) => void response.end('{}'),
): Promise<Collector> {
  const seen = { spans: [] as SentSpan[], bodies: [] as string[], paths: [] as string[] };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.bodies.push(body);
      seen.paths.push(request.url ?? '');
      seen.spans.push(...spansOf(JSON.parse(body) as Payload));
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs a collector and traces to it for one action. */
export async function withCollector(
  action: (traced: TracedProcess) => Promise<void>,
  options: { answer?: (response: ServerResponse) => void; env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  const { answer, env = {} } = options;
  const { stop, ...collector } = await startCollector(answer);
  // The exporter reads the process's own environment.
  const own = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env };
  const before = Object.keys(own).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, own);
  const troubles: string[] = [];
  try {
    const tracing = await openTracing({
      env: process.env,
      serviceName: 'pilotlight-test',
      onTrouble: (message) => troubles.push(message),
    });
    await action({ tracing, ...collector, troubles });
    await tracing.close();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await stop();
  }
}

function spansOf({ resourceSpans }: Payload): SentSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, kind, ...span }) => ({
        ...{ name, traceId, spanId, kind, parentSpanId: span.parentSpanId ?? '' },
        isFault: span.status?.code === 2,
        facts: valuesOf(span.attributes ?? []),
        resource: valuesOf(resource.attributes),
        notes: (span.events ?? []).map((event) => event.name),
      })),
    ),
  );
}

function valuesOf(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

/** The one span of a name. */
export function spanOf(spans: SentSpan[], name: string): SentSpan {
  const found = spans.filter((span) => span.name === name);
  const [span] = found;
  if (span === undefined || found.length > 1) {
    const names = spans.map((one) => one.name).join(', ');
    throw new Error(`Expected one span ${name}, got ${found.length} among: ${names}`);
  }
  return span;
}
