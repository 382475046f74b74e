/** One log line and one count a request. Never a token, a body or a claimId: paths are patterns. */
import type { ApiMetrics } from '../metrics/api-metrics.ts';
import type { App } from './app.ts';

/** Asked every few seconds by keepers and scrapers: logged only where everything is. */
const quietRoutes = new Set(['/healthz', '/readyz', '/metrics']);

/** Logs and counts every answer, and names the request to its sender. */
export function logRequests(app: App, metrics: ApiMetrics): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const { method } = request;
    const { statusCode: status, problemCode: code } = reply;
    metrics.observeRequest({ method, route, status });
    const level = quietRoutes.has(route) ? 'debug' : 'info';
    request.log[level](
      {
        ...{ method, route, status, ms: Math.round(reply.elapsedTime * 10) / 10 },
        ...(code === null ? {} : { code }),
        caller: (request.caller as { name: string } | null)?.name,
        pool: (request.params as { pool?: string } | null)?.pool,
      },
      'answered',
    );
    done();
  });
}
