import assert from 'node:assert/strict';
import type { ApiServerDependencies } from '../../src/api/server.ts';
import { ClaimError } from '../../src/claims/claim-error.ts';
import type { ClaimRequest } from '../../src/claims/claim.ts';
import {
  exampleClaim,
  exampleState,
  fakeClaims,
  startApi,
  withApi,
  type ApiUnderTest,
} from './api-under-test.ts';

const claimPath = '/v1/pools/small/claims';

describe('the routes of the API', () => {
  let api: ApiUnderTest;
  let asked: ClaimRequest[];

  before(async () => {
    const claims = fakeClaims({
      claim: (request) => {
        asked.push(request);
        return Promise.resolve(exampleClaim(request.claimId ?? 'auto-1', request.pool));
      },
    });
    api = await startApi({ claims });
  });
  beforeEach(() => (asked = []));
  after(() => api.server.stop());

  it('grants a claim with 201 and passes on what was asked', async () => {
    const json = {
      claimId: 'a/b %',
      waitSeconds: 3,
      leaseSeconds: 60,
      holder: 'Zoë',
      labels: { app: 'x' },
    };
    const { status, body } = await api.send(claimPath, { method: 'POST', json });
    assert.equal(status, 201);
    assert.deepEqual(body, exampleClaim('a/b %'));
    assert.deepEqual(asked, [{ ...json, pool: 'small' }]);
  });

  it('takes a claim without a body for one that asks nothing', async () => {
    assert.equal((await api.send(claimPath, { method: 'POST' })).status, 201);
    assert.deepEqual(asked, [{ pool: 'small', waitSeconds: 0 }]);
  });

  it('shows, renews and releases a claim whose id needs escapes', async () => {
    const path = `/v1/claims/${encodeURIComponent('a/b %')}`;
    assert.equal((await api.send(path)).problem.detail, 'No pod carries the claim a/b %.');
    assert.deepEqual((await api.send('/v1/claims/job-1')).body, exampleState());
    const renewed = await api.send(`${path}/renew`, { method: 'POST', json: { leaseSeconds: 5 } });
    assert.deepEqual(renewed.body, exampleClaim('a/b %'));
    const released = await api.send(`${path}?reason=unhealthy`, { method: 'DELETE' });
    const expected = { claimId: 'a/b %', pool: 'small', reason: 'unhealthy', hadEnded: false };
    assert.deepEqual(released.body, expected);
  });

  it('lists claims and pools, and answers for each pool from its card', async () => {
    const { claims } = (await api.send('/v1/claims')).body as { claims: { claimId: string }[] };
    assert.deepEqual(
      claims.map(({ claimId }) => claimId),
      ['job-1', 'job-2'],
    );
    const { pools } = (await api.send('/v1/pools')).body as { pools: { pool: string }[] };
    assert.deepEqual(
      pools.map(({ pool }) => pool),
      ['large', 'small'],
    );
    assert.equal((await api.send('/v1/pools/small')).body['warm'], 4);
    assert.equal((await api.send('/v1/pools/none')).problem.code, 'unknownPool');
  });

  it('sets targets, applies documents and drains', async () => {
    const target = await api.send('/v1/pools/small/target', { method: 'PUT', json: { target: 3 } });
    assert.deepEqual(target.body, { pool: 'small', target: 3 });
    const yaml = {
      method: 'PUT',
      body: 'kind: WarmPool',
      headers: { 'content-type': 'application/yaml' },
    };
    assert.equal((await api.send('/v1/pools/small', yaml)).status, 201);
    assert.equal((await api.send('/v1/pools/small', { method: 'DELETE' })).status, 202);
  });

  it('tells the pool who sets its target or applies it', async () => {
    const senders: string[] = [];
    const administration: ApiServerDependencies['administration'] = {
      apply: ({ pool, by }) => {
        senders.push(by);
        return Promise.resolve({ pool, namespace: 'default', change: 'updated' });
      },
      setTarget: ({ target, by }) => {
        senders.push(by);
        return Promise.resolve(target);
      },
      drain: () => Promise.resolve(),
    };
    await withApi({ administration }, async (told) => {
      await told.send('/v1/pools/small/target', { method: 'PUT', json: { target: 3 } });
      await told.send('/v1/pools/small', { method: 'PUT', json: {} });
    });
    assert.deepEqual(senders, ['local (API)', 'local (API)']);
  });

  it('describes every route of design and every code in /openapi.json', async () => {
    const { paths, openapi } = (await api.send('/openapi.json')).body as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
    };
    assert.equal(openapi, '3.1.0');
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    assert.deepEqual(routes.filter((route) => !route.startsWith('head ')).sort(), [
      'delete /v1/claims/{claimId}',
      'delete /v1/pools/{pool}',
      'get /healthz',
      'get /metrics',
      'get /readyz',
      'get /v1/claims',
      'get /v1/claims/{claimId}',
      'get /v1/pools',
      'get /v1/pools/{pool}',
      'post /v1/claims',
      'post /v1/claims/{claimId}/renew',
      'post /v1/pools/{pool}/claims',
      'put /v1/pools/{pool}',
      'put /v1/pools/{pool}/target',
    ]);
  });

  it('answers Retry-After, in whole seconds and finer in the body, when nothing is warm', async () => {
    const claim = () =>
      Promise.reject(new ClaimError('poolMiss', 'None is warm.', { retryAfterSeconds: 1.5 }));
    await withApi({ claims: fakeClaims({ claim }) }, async (missing) => {
      const { status, headers, problem } = await missing.send(claimPath, { method: 'POST' });
      assert.equal(status, 503);
      assert.equal(headers.get('retry-after'), '2');
      assert.equal(headers.get('content-type'), 'application/problem+json');
      const { requestId, ...rest } = problem;
      assert.equal(requestId, headers.get('x-request-id'));
      assert.deepEqual(rest, {
        ...{ type: 'urn:pilotlight:problem:poolMiss', title: 'No warm pod', status: 503 },
        ...{ detail: 'None is warm.', code: 'poolMiss', retryAfterSeconds: 1.5 },
      });
    });
  });

  it('answers a fault of its own without what went wrong, which is in the log', async () => {
    const claim = () => Promise.reject(new TypeError('secret of the inside'));
    await withApi({ claims: fakeClaims({ claim }) }, async (broken) => {
      const { status, problem } = await broken.send(claimPath, { method: 'POST' });
      assert.equal(status, 500);
      assert.equal(problem.code, 'internal');
      assert.doesNotMatch(JSON.stringify(problem), /secret/);
      assert.match(broken.logged.join(''), /secret of the inside/);
    });
  });
});
