/** A tracer that keeps what it is told, for tests of what is told. */
import type { Facts, Span, SpanStart, Tracer } from '../../src/tracing/span.ts';

/** A span as it was told. */
export interface ToldSpan {
  name: string;
  facts: Record<string, string | number | boolean>;
  notes: string[];
  children: ToldSpan[];
  /** Undefined until it ends; null when it ended well. */
  fault: string | null | undefined;
}

/** Traces into a list of roots. */
export function recordedTracer(): { tracer: Tracer; roots: ToldSpan[] } {
  const roots: ToldSpan[] = [];
  return { roots, tracer: { start: (start) => begin(roots, start) } };
}

function begin(siblings: ToldSpan[], { name, facts }: SpanStart): Span {
  const told: ToldSpan = { name, facts: { ...facts }, notes: [], children: [], fault: undefined };
  siblings.push(told);
  return {
    child: (start) => begin(told.children, start),
    tell: (more: Facts) => void Object.assign(told.facts, more),
    note: (event) => void told.notes.push(event),
    end: (fault) => void (told.fault ??= fault ?? null),
  };
}
