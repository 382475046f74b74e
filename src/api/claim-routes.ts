/** The routes of claims. What a claim is and may do is src/claims' business. */
import type { FastifyRequest } from 'fastify';
import type { ClaimCaller } from '../claims/claimer.ts';
import type { Claims } from '../claims/claims.ts';
import {
  claimAnswer,
  claimBody,
  claimParams,
  claimsAnswer,
  claimsQuery,
  claimStateAnswer,
  maxListedClaims,
  poolParams,
  releasedAnswer,
  releaseQuery,
  renewBody,
  shapeClaimBody,
} from '../client/wire/claims.ts';
import type { App } from './app.ts';
import { checkPool, maySee } from './authorize.ts';
import { callerSignal } from './caller-signal.ts';
import { maxClaimBodyBytes } from './limits.ts';
import { resolvePool } from './resolve-pool.ts';
import { withProblems } from './route-schema.ts';
import type { Caller } from './tokens.ts';

/** What the routes need of `Claims`. */
export type ClaimsService = Pick<
  Claims,
  'claim' | 'get' | 'renew' | 'release' | 'list' | 'poolSummary' | 'poolSummaries'
>;

/** What may become of a claim that is asked for. */
const claimProblems = [
  ...(['leaseNotAllowed', 'unknownPool', 'claimIdInUse', 'poolDraining', 'claimLost'] as const),
  ...(['claimEnded', 'tooManyWaiting', 'poolMiss', 'shuttingDown', 'clusterUnavailable'] as const),
];

/** What may be wrong with a claim that was granted. */
const heldProblems = ['claimNotFound', 'claimLost', 'claimEnded', 'clusterUnavailable'] as const;

/** Adds every route under /v1 that is about claims. */
export function addClaimRoutes(app: App, claims: ClaimsService): void {
  addClaimRoute(app, claims);
  addShapeClaimRoute(app, claims);
  addRenewRoute(app, claims);
  addReleaseRoute(app, claims);

  app.get(
    '/v1/claims/:claimId',
    {
      config: { access: 'claim' },
      schema: withProblems(
        {
          operationId: 'getClaim',
          summary: 'What is known of a claim',
          tags: ['claims'],
          params: claimParams,
          response: { 200: claimStateAnswer },
        },
        heldProblems,
      ),
    },
    async ({ params, caller }) => {
      const state = await claims.get(params.claimId);
      checkPool(caller, state.pool);
      return state;
    },
  );

  app.get(
    '/v1/claims',
    {
      config: { access: 'claim' },
      schema: withProblems({
        operationId: 'listClaims',
        summary: 'The claims that this replica sees',
        tags: ['claims'],
        querystring: claimsQuery,
        response: { 200: claimsAnswer },
      }),
    },
    ({ query, caller }) => {
      if (query.pool !== undefined) checkPool(caller, query.pool);
      const listed = claims.list(query.pool === undefined ? {} : { pool: query.pool });
      const seen = listed.filter(({ pool }) => maySee(caller, pool));
      return { claims: seen.slice(0, maxListedClaims), truncated: seen.length > maxListedClaims };
    },
  );
}

function addClaimRoute(app: App, claims: ClaimsService): void {
  app.post(
    '/v1/pools/:pool/claims',
    {
      config: { access: 'claim' },
      bodyLimit: maxClaimBodyBytes,
      preValidation: allowNoBody,
      schema: withProblems(
        {
          operationId: 'claim',
          summary: 'Takes a warm pod of a pool',
          tags: ['claims'],
          params: poolParams,
          body: claimBody,
          response: { 201: claimAnswer },
        },
        claimProblems,
      ),
    },
    async (request, reply) => {
      const { params, body, caller } = request;
      const { pool } = params;
      checkPool(caller, pool);
      const waitSeconds = body.waitSeconds ?? 0;
      const claim = await claims.claim({ ...body, pool, waitSeconds }, asking(request));
      return reply.code(201).send(claim);
    },
  );
}

function addShapeClaimRoute(app: App, claims: ClaimsService): void {
  app.post(
    '/v1/claims',
    {
      config: { access: 'claim' },
      bodyLimit: maxClaimBodyBytes,
      preValidation: allowNoBody,
      schema: withProblems(
        {
          operationId: 'claimByShape',
          summary: 'Takes a warm pod of the one pool that has a shape and image',
          tags: ['claims'],
          body: shapeClaimBody,
          response: { 201: claimAnswer },
        },
        ['noSuchShape', 'ambiguousShape', ...claimProblems],
      ),
    },
    async (request, reply) => {
      const { body, caller } = request;
      const { shape, image, ...wish } = body;
      const seen = claims.poolSummaries().filter(({ pool }) => maySee(caller, pool));
      const pool = resolvePool(seen, { shape, image });
      const waitSeconds = wish.waitSeconds ?? 0;
      const claim = await claims.claim({ ...wish, pool, waitSeconds }, asking(request));
      return reply.code(201).send(claim);
    },
  );
}

function addRenewRoute(app: App, claims: ClaimsService): void {
  app.post(
    '/v1/claims/:claimId/renew',
    {
      config: { access: 'claim' },
      bodyLimit: maxClaimBodyBytes,
      preValidation: allowNoBody,
      schema: withProblems(
        {
          operationId: 'renewClaim',
          summary: "Moves the end of a claim's lease; never shortens it",
          tags: ['claims'],
          params: claimParams,
          body: renewBody,
          response: { 200: claimAnswer },
        },
        ['leaseNotAllowed', ...heldProblems],
      ),
    },
    async ({ params: { claimId }, body, caller }) => {
      await checkClaim(claims, claimId, caller);
      return claims.renew(claimId, body.leaseSeconds);
    },
  );
}

function addReleaseRoute(app: App, claims: ClaimsService): void {
  app.delete(
    '/v1/claims/:claimId',
    {
      config: { access: 'claim' },
      bodyLimit: maxClaimBodyBytes,
      schema: withProblems(
        {
          operationId: 'releaseClaim',
          summary: 'Ends a claim and deletes its pod; doing it again is fine',
          tags: ['claims'],
          params: claimParams,
          querystring: releaseQuery,
          response: { 200: releasedAnswer },
        },
        heldProblems,
      ),
    },
    async ({ params: { claimId }, query: { reason }, caller }) => {
      await checkClaim(claims, claimId, caller);
      return claims.release(claimId, reason === undefined ? {} : { reason });
    },
  );
}

/** Who waits for a claim, and whose trace it belongs to. */
function asking({ raw, span }: Pick<FastifyRequest, 'raw' | 'span'>): ClaimCaller {
  return { signal: callerSignal(raw.socket), span };
}

/** A caller that is bound to pools may touch only their claims, which costs it a reading of the pod. */
async function checkClaim(claims: ClaimsService, claimId: string, caller: Caller): Promise<void> {
  if (caller.pools === null) return;
  const { pool } = await claims.get(claimId);
  checkPool(caller, pool);
}

/** `POST` without a body says the same as `{}`. */
function allowNoBody(request: { body: unknown }, _reply: unknown, done: () => void): void {
  request.body ??= {};
  done();
}
