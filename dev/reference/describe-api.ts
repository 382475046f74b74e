/** The API's own description, from its routes: no cluster, no Temporal, nothing listens. */
import { pino } from 'pino';
import { ApiServer } from '../../src/api/server.ts';
import { ApiMetrics } from '../../src/metrics/api-metrics.ts';
import type { ApiDescription } from './api-reference.ts';

/** What /openapi.json answers. */
export async function describeApi(): Promise<ApiDescription> {
  const never = (): never => {
    throw new Error('A description asks for nothing');
  };
  const server = await ApiServer.create({
    claims: {
      ...{ claim: never, get: never, renew: never, release: never, list: never },
      ...{ poolSummary: never, poolSummaries: never, stop: () => Promise.resolve() },
    },
    administration: { apply: never, setTarget: never, drain: never },
    tokens: null,
    metrics: new ApiMetrics(),
    log: pino({ level: 'silent' }),
    readiness: never,
  });
  const description = server.describe() as unknown as ApiDescription;
  await server.stop();
  return description;
}
