/** Who asks, and whether they may: before a body is read. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from './is-loopback.ts';
import { ApiError } from './problems.ts';
import type { Caller, Tokens } from './tokens.ts';

/**
 * What a route asks of its caller. `open`: nothing. `observe`: any token that is not bound to some
 * pools, since the answer is about all of them.
 */
type Access = 'open' | 'claim' | 'observe' | 'admin';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A route that says nothing is for admins. */
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller;
  }
}

/** Without tokens, which only a loopback address may be, everyone is this. */
const localCaller: Caller = { name: 'local', role: 'admin', pools: null };

/** Callers of open routes. */
const anonymous: Caller = { name: 'anonymous', role: 'claim', pools: new Set() };

/** Makes every request carry its caller; raises `unauthorized` or `forbidden`. */
export function addAuthorization(app: FastifyInstance, tokens: Tokens | null): void {
  app.decorateRequest('caller');
  app.addHook('onRequest', (request, _reply, done) => {
    const access = request.is404 ? 'open' : (request.routeOptions.config.access ?? 'admin');
    request.caller = access === 'open' ? anonymous : identify(request, tokens);
    checkAccess(request.caller, access);
    done();
  });
}

/** Raises `forbidden` when a caller is bound to other pools. */
export function checkPool(caller: Caller, pool: string): void {
  if (maySee(caller, pool)) return;
  throw new ApiError('forbidden', `The token of ${caller.name} is not for pool ${pool}.`);
}

/** Whether a caller may know of a pool. */
export function maySee(caller: Caller, pool: string): boolean {
  return caller.pools === null || caller.pools.has(pool);
}

function identify(request: FastifyRequest, tokens: Tokens | null): Caller {
  if (tokens === null) {
    checkHost(request);
    return localCaller;
  }
  const [, token] = /^Bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) {
    throw new ApiError('unauthorized', 'Expected `Authorization` to be a bearer token, got none.');
  }
  const caller = tokens.find(token);
  if (caller === null) throw new ApiError('unauthorized', 'The bearer token is not known here.');
  return caller;
}

/**
 * A page in this machine's browser could reach a server without tokens by a name of its own that
 * resolves to loopback; it can't choose the Host header.
 */
function checkHost(request: FastifyRequest): void {
  const host = request.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isLoopback(host)) return;
  const message = 'Without tokens the API answers only to localhost: expected `Host` to be that.';
  throw new ApiError('forbidden', message);
}

function checkAccess(caller: Caller, access: Access): void {
  switch (access) {
    case 'open':
    case 'claim':
      return;
    case 'observe':
      if (caller.pools === null) return;
      throw new ApiError('forbidden', `The token of ${caller.name} is for some pools only.`);
    case 'admin':
      if (caller.role === 'admin') return;
      throw new ApiError('forbidden', `Expected a token of role admin; ${caller.name} is not one.`);
  }
}
