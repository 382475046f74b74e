/** A real HTTP server of the API on loopback, with claims and administration that each test scripts. */
import assert from 'node:assert/strict';
import { pino, type Logger } from 'pino';
import { problemsOf, type ApiDescription } from '../../dev/reference/api-reference.ts';
import { ClaimError } from '../../src/claims/claim-error.ts';
import type { Claim, ClaimState, PoolSummary } from '../../src/claims/claim.ts';
import type { Problem } from '../../src/client/wire/problem.ts';
import { commonProblems } from '../../src/api/route-schema.ts';
import { ApiMetrics } from '../../src/metrics/api-metrics.ts';
import { ApiServer, type ApiServerDependencies } from '../../src/api/server.ts';

/** A granted claim. */
export function exampleClaim(claimId = 'job-1', pool = 'small'): Claim {
  return {
    ...{ claimId, pool, hit: true, waitedMs: 0 },
    pod: { name: 'small-1', namespace: 'default', uid: 'uid-1', ip: '10.0.0.1', node: 'node-1' },
    lease: { expiresAt: '2026-01-01T01:00:00.000Z', seconds: 3600 },
  };
}

/** A claim as it is shown. */
export function exampleState(claimId = 'job-1', pool = 'small'): ClaimState {
  const { pod, lease } = exampleClaim(claimId, pool);
  const seen = { holder: null, claimedAt: '2026-01-01T00:00:00.000Z', lost: null };
  return { ...{ claimId, pool, pod, lease, state: 'held' }, ...seen };
}

/** A pool as its card tells. */
export function exampleSummary(pool = 'small'): PoolSummary {
  return {
    ...{ pool, namespace: 'default', phase: 'Steady', why: '', target: 4, templateHash: 'abc' },
    ...{ acceptsClaims: true, claim: { leaseSeconds: 3600, maxLeaseSeconds: 86_400 } },
    ...{ startSecondsEstimate: 2, warm: 4, pending: 0, claimed: 1, terminating: 0, stale: 0 },
    waiting: 0,
    labels: {},
  };
}

const notFound = (claimId: string): ClaimError =>
  new ClaimError('claimNotFound', `No pod carries the claim ${claimId}.`);

/** Claims of which each method can be replaced; they know the claim `job-1` of pool `small`. */
export function fakeClaims(own: Partial<ApiServerDependencies['claims']> = {}) {
  const claims: ApiServerDependencies['claims'] = {
    claim: ({ pool, claimId = 'auto-1' }) => Promise.resolve(exampleClaim(claimId, pool)),
    get: (claimId) =>
      claimId === 'job-1'
        ? Promise.resolve(exampleState(claimId))
        : Promise.reject(notFound(claimId)),
    renew: (claimId) => Promise.resolve(exampleClaim(claimId)),
    release: (claimId, options) =>
      Promise.resolve({ claimId, pool: 'small', reason: options?.reason ?? null, hadEnded: false }),
    list: () => [exampleState('job-1', 'small'), exampleState('job-2', 'large')],
    poolSummary: (pool) => (pool === 'small' ? exampleSummary() : null),
    poolSummaries: () => [exampleSummary('small'), exampleSummary('large')],
    stop: () => Promise.resolve(),
    ...own,
  };
  return claims;
}

/** A running server. */
export interface ApiUnderTest {
  url: string;
  port: number;
  server: ApiServer;
  /** What was logged, a line each. */
  logged: string[];
  send(path: string, options?: RequestInit & { json?: unknown }): Promise<Answer>;
}

/** An answer, read. */
interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  problem: Problem;
}

/** Starts a server with what a test gives it. */
export async function startApi(own: Partial<ApiServerDependencies> = {}): Promise<ApiUnderTest> {
  const logged: string[] = [];
  const log: Logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) });
  const server = await ApiServer.create({
    claims: fakeClaims(),
    administration: {
      apply: ({ pool }) => Promise.resolve({ pool, namespace: 'default', change: 'created' }),
      setTarget: ({ target }) => Promise.resolve(target),
      drain: () => Promise.resolve(),
    },
    tokens: null,
    metrics: new ApiMetrics(),
    log,
    readiness: () => ({ isReady: true, why: 'Claims are served.', watchLagMs: 1 }),
    ...own,
  });
  const description = server.describe() as unknown as ApiDescription;
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    ...{ url, server, logged, port: Number(new URL(url).port) },
    async send(path, { json, ...options } = {}) {
      const headers = new Headers(options.headers);
      if (json !== undefined) headers.set('content-type', 'application/json');
      const body = json === undefined ? options.body : JSON.stringify(json);
      const answer = await fetch(`${url}${path}`, {
        ...{ ...options, headers },
        ...(body === undefined ? {} : { body }),
      });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
      const read = (isJson && text !== '' ? JSON.parse(text) : { text }) as Answer['body'];
      const problem = read as unknown as Problem;
      if (answer.status >= 400)
        expectDescribed(description, { path, method: options.method, problem });
      return { status: answer.status, headers: answer.headers, body: read, problem };
    },
  };
}

/** Whatever is answered is in /openapi.json, and so in the reference: no code is left out there. */
function expectDescribed(
  { paths }: ApiDescription,
  asked: { path: string; method: string | undefined; problem: Partial<Problem> },
): void {
  const { path, method = 'GET', problem } = asked;
  const [place = ''] = path.split('?');
  const known = Object.entries(paths).find(([template]) =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(place),
  );
  const operation = known?.[1][method.toLowerCase()];
  if (operation === undefined || problem.code === undefined) return;
  const described = [...commonProblems, ...problemsOf(operation)];
  assert.ok(described.includes(problem.code), `${method} ${path}: ${problem.code} is described`);
}

/** Runs a server for one action. */
export async function withApi(
  own: Partial<ApiServerDependencies>,
  action: (api: ApiUnderTest) => Promise<void>,
): Promise<void> {
  const api = await startApi(own);
  try {
    await action(api);
  } finally {
    await api.server.stop();
  }
}
