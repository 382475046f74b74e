/** A span for each request under /v1/, in the caller's trace if it has one. */
import type { FastifyRequest } from 'fastify';
import { noSpan, noTracer, type Span, type Tracer } from '../tracing/span.ts';
import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Tells the trace of the request; nothing where none is recorded. */
    readonly span: Span;
  }
}

/**
 * Makes every request carry its span, which ends with the answer. To be added after authorization, so
 * that nobody without a token can make us record anything. Paths are patterns, as in the log.
 */
export function traceRequests(app: App, tracer: Tracer): void {
  const spans = new WeakMap<FastifyRequest, Span>();
  app.decorateRequest('span', {
    getter() {
      return spans.get(this) ?? noSpan;
    },
  });
  if (tracer === noTracer) return;
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? '';
    if (route.startsWith('/v1/')) {
      const { method, headers } = request;
      const facts = { 'http.request.method': method, 'http.route': route };
      const name = `${method} ${route}`;
      spans.set(request, tracer.start({ name, kind: 'server', headers, facts }));
    }
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode, problemCode } = reply;
    if (reply.raw.writableFinished) {
      request.span.tell({ 'http.response.status_code': statusCode });
      // What is the caller's own fault is none of the server's.
      if (statusCode >= 500) request.span.end(problemCode ?? String(statusCode));
      else request.span.end();
    } else {
      request.span.end('callerGone');
    }
    done();
  });
}
