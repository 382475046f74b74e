/**
 * What work tells a trace. The rest of Pilotlight knows only these types: the library that records and
 * sends spans is loaded by open-tracing.ts, in a process that is told to where.
 */
import type { IncomingHttpHeaders } from 'node:http';

/**
 * What a span says of its work. Names are fixed; values are of few kinds, but for those of pools and pods.
 * Never a token, a claimId, a holder, or a message that others wrote.
 */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** A part of a trace as it begins. */
export interface SpanStart {
  /** One of a fixed few: what differs is in the facts. */
  name: string;
  /** `server`: answers a caller; `client`: calls another program; neither unless given. */
  kind?: 'server' | 'client';
  facts?: Facts;
}

/** A piece of work that is under way. None of it may throw, or wait. */
export interface Span {
  /** Begins a part of it. */
  child(start: SpanStart): Span;
  /** Says more of it. */
  tell(facts: Facts): void;
  /** Marks that something happened in it now; `name` is one of a fixed few. */
  note(name: string): void;
  /** Ends it; with a fault, by a code, if it failed. What comes after changes nothing. */
  end(fault?: string): void;
}

/** Begins traces. */
export interface Tracer {
  /** Begins a trace, or goes on with the caller's if `headers` have a W3C `traceparent`. */
  start(start: SpanStart & { headers?: IncomingHttpHeaders }): Span;
}

/** The traces of a process. */
export interface Tracing {
  tracer: Tracer;
  /** Sends what is left, for 2 s at most, and ends. Never rejects. */
  close(): Promise<void>;
}

/** The span of work that nobody traces. */
export const noSpan: Span = {
  child: () => noSpan,
  tell: () => undefined,
  note: () => undefined,
  end: () => undefined,
};

/** Traces nothing. */
export const noTracer: Tracer = { start: () => noSpan };
