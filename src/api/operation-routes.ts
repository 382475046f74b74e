/** The routes for keepers and scrapers: /healthz, /readyz, /metrics, /openapi.json. */
import { Type } from '../client/wire/schema.ts';
import type { ApiMetrics } from '../metrics/api-metrics.ts';
import type { App } from './app.ts';
import { describeApi } from './open-api.ts';

/** Whether a replica should get claims. */
export interface Readiness {
  isReady: boolean;
  /** In one sentence. */
  why: string;
  /** Time since the cluster was heard of. */
  watchLagMs: number;
}

const readinessAnswer = Type.Object({
  ready: Type.Boolean(),
  why: Type.String(),
  watchLagMs: Type.Integer(),
});

/** Adds the four. */
export function addOperationRoutes(
  app: App,
  { metrics, readiness }: { metrics: ApiMetrics; readiness: () => Readiness },
): void {
  app.get(
    '/healthz',
    {
      config: { access: 'open' },
      schema: {
        summary: 'The process answers',
        tags: ['operation'],
        response: { 200: Type.Object({ ok: Type.Literal(true) }) },
      },
    },
    () => ({ ok: true as const }),
  );

  app.get(
    '/readyz',
    {
      config: { access: 'open' },
      schema: {
        summary: 'The replica can serve claims',
        tags: ['operation'],
        response: { 200: readinessAnswer, 503: readinessAnswer },
      },
    },
    (_request, reply) => {
      const { isReady, why, watchLagMs } = readiness();
      const answer = { ready: isReady, why, watchLagMs: Math.round(watchLagMs) };
      reply.code(isReady ? 200 : 503).send(answer);
    },
  );

  app.get(
    '/metrics',
    {
      config: { access: 'observe' },
      schema: { summary: 'Metrics for Prometheus', tags: ['operation'] },
    },
    async (_request, reply) => {
      const { contentType, text } = await metrics.scrape();
      return reply.type(contentType).send(text);
    },
  );

  // Written once: the routes do not change while the process runs.
  let description: string | null = null;
  app.get(
    '/openapi.json',
    { config: { access: 'open' }, schema: { hide: true } },
    (_request, reply) => {
      description ??= JSON.stringify(describeApi(app));
      reply.type('application/json').send(description);
    },
  );
}
