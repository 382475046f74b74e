/** The routes of pools. Reading them needs the cards only; changing one needs Temporal. */
import { poolParams } from '../client/wire/claims.ts';
import {
  appliedAnswer,
  drainingAnswer,
  poolAnswer,
  poolDocument,
  poolsAnswer,
  targetAnswer,
  targetBody,
} from '../client/wire/pools.ts';
import type { App } from './app.ts';
import { checkPool, maySee } from './authorize.ts';
import type { ClaimsService } from './claim-routes.ts';
import { maxPoolBodyBytes } from './limits.ts';
import type { PoolAdministration } from './pool-administration.ts';
import { ApiError } from './problems.ts';
import { withProblems } from './route-schema.ts';
import type { Caller } from './tokens.ts';

/** Media types of a pool document; JSON is YAML, so one reader takes them all. */
const documentMediaTypes = [
  'application/json',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
];

interface PoolRoutes {
  claims: Pick<ClaimsService, 'poolSummary' | 'poolSummaries'>;
  administration: PoolAdministration;
}

/** Adds every route under /v1/pools that is not about claims. */
export function addPoolRoutes(app: App, { claims, administration }: PoolRoutes): void {
  app.get(
    '/v1/pools',
    {
      config: { access: 'claim' },
      schema: withProblems({
        operationId: 'listPools',
        summary: 'The pools, by name',
        tags: ['pools'],
        response: { 200: poolsAnswer },
      }),
    },
    ({ caller }) => {
      const pools = claims.poolSummaries().filter(({ pool }) => maySee(caller, pool));
      return { pools: pools.sort((a, b) => (a.pool < b.pool ? -1 : 1)) };
    },
  );

  app.get(
    '/v1/pools/:pool',
    {
      config: { access: 'claim' },
      schema: withProblems(
        {
          operationId: 'getPool',
          summary: 'One pool',
          tags: ['pools'],
          params: poolParams,
          response: { 200: poolAnswer },
        },
        ['unknownPool'],
      ),
    },
    ({ params: { pool }, caller }) => {
      checkPool(caller, pool);
      const summary = claims.poolSummary(pool);
      if (summary === null) throw new ApiError('unknownPool', `There is no pool ${pool}.`);
      return summary;
    },
  );

  app.put(
    '/v1/pools/:pool/target',
    {
      config: { access: 'admin' },
      schema: withProblems(
        {
          operationId: 'setTarget',
          summary: 'Sets how many pods a pool keeps warm',
          tags: ['pools'],
          params: poolParams,
          body: targetBody,
          response: { 200: targetAnswer },
        },
        ['unknownPool', 'poolRefused', 'temporalUnavailable', 'poolUnanswered'],
      ),
    },
    async ({ params: { pool }, body: { target }, caller }) => {
      checkPool(caller, pool);
      const by = senderOf(caller);
      return { pool, target: await administration.setTarget({ pool, target, by }) };
    },
  );

  app.delete(
    '/v1/pools/:pool',
    {
      config: { access: 'admin' },
      schema: withProblems(
        {
          operationId: 'deletePool',
          summary: 'Ends a pool: no new claims, its pods retired, its claims waited for',
          tags: ['pools'],
          params: poolParams,
          response: { 202: drainingAnswer },
        },
        ['unknownPool', 'temporalUnavailable', 'poolUnanswered'],
      ),
    },
    async ({ params: { pool }, caller }, reply) => {
      checkPool(caller, pool);
      await administration.drain(pool);
      return reply.code(202).send({ pool, draining: true });
    },
  );

  // A scope of its own: its bodies are documents, read by the same reader as the command line's.
  app.register((documents: App, _options: object, done: () => void) => {
    addApplyRoute(documents, administration);
    done();
  });
}

/** Who asked for a change, as the pool shows it. */
function senderOf({ name }: Caller): string {
  return `${name} (API)`;
}

function addApplyRoute(app: App, administration: PoolAdministration): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    documentMediaTypes,
    { parseAs: 'string', bodyLimit: maxPoolBodyBytes },
    (_request, text, done) => done(null, text),
  );
  app.put(
    '/v1/pools/:pool',
    {
      config: { access: 'admin', describedBody: poolDocument },
      bodyLimit: maxPoolBodyBytes,
      schema: withProblems(
        {
          operationId: 'applyPool',
          summary: 'Creates or updates a pool by its document, as JSON or YAML',
          tags: ['pools'],
          consumes: documentMediaTypes,
          params: poolParams,
          response: { 200: appliedAnswer, 201: appliedAnswer },
        },
        [
          'unknownPool',
          'poolRefused',
          'clusterUnavailable',
          'temporalUnavailable',
          'poolUnanswered',
        ],
      ),
    },
    async ({ params: { pool }, body, caller }, reply) => {
      checkPool(caller, pool);
      const text = typeof body === 'string' ? body : '';
      const applied = await administration.apply({ pool, text, by: senderOf(caller) });
      return reply.code(applied.change === 'created' ? 201 : 200).send(applied);
    },
  );
}
