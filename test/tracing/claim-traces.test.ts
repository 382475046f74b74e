import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { freePort } from '../../dev/free-port.ts';
import { startApi, withApi } from '../api/api-under-test.ts';
import { ClaimsWorld, type Replica } from '../claims/claims-world.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { spanOf, withCollector } from './otlp-receiver.ts';

const route = 'POST /v1/pools/:pool/claims';
const callersTrace = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${callersTrace}-b7ad6b7169203331-01`;

describe('traces of claims', () => {
  let world: ClaimsWorld;
  let replica: Replica;

  beforeEach(async () => {
    world = await ClaimsWorld.start();
    await world.publish();
    world.addPod();
    replica = await world.startReplica();
    await world.caughtUp(replica);
  });

  afterEach(() => world.stop());

  it("goes on with the caller's trace, from the request to the patch of the pod", async () => {
    await withCollector(async ({ tracing, spans, paths }) => {
      await withApi({ claims: replica.claims, tracer: tracing.tracer }, async (api) => {
        const headers = { traceparent, tracestate: 'vendor=1' };
        const { status } = await api.send('/v1/pools/small/claims', { method: 'POST', headers });
        assert.equal(status, 201);
      });
      await tracing.close();
      const server = spanOf(spans, route);
      assert.deepEqual([server.traceId, server.parentSpanId], [callersTrace, 'b7ad6b7169203331']);
      assert.equal(server.kind, 2);
      assert.deepEqual(server.facts, {
        'http.request.method': 'POST',
        'http.route': '/v1/pools/:pool/claims',
        'http.response.status_code': 201,
      });
      assert.equal(server.resource['service.name'], 'pilotlight-test');

      const claim = spanOf(spans, 'claim');
      assert.deepEqual([claim.traceId, claim.parentSpanId], [callersTrace, server.spanId]);
      assert.deepEqual(claim.facts, {
        'pilotlight.pool': 'small',
        'pilotlight.claim.hit': true,
        'pilotlight.claim.waited_ms': 0,
        'k8s.pod.name': 'small-1',
      });
      const patch = spanOf(spans, 'patch pod');
      assert.deepEqual([patch.traceId, patch.parentSpanId], [callersTrace, claim.spanId]);
      assert.deepEqual(patch.facts, { 'k8s.pod.name': 'small-1', 'pilotlight.answer': 'pod' });
      assert.equal(patch.kind, 3);
      assert.ok(spans.every(({ isFault }) => !isFault));
      assert.ok(paths.every((path) => path === '/v1/traces'));
    });
  });

  it('tells the record of a named claim, and neither its name, its holder nor a token', async () => {
    await withCollector(async ({ tracing, spans, bodies }) => {
      await withApi({ claims: replica.claims, tracer: tracing.tracer }, async (api) => {
        const json = { claimId: 'secret-name', holder: 'secret-holder' };
        const headers = { authorization: 'Bearer secret-token' };
        await api.send('/v1/pools/small/claims', { method: 'POST', json, headers });
        await api.send('/v1/claims/secret-name', { method: 'DELETE', headers });
      });
      await tracing.close();
      const claim = spanOf(spans, 'claim');
      assert.equal(spanOf(spans, 'create claim record').parentSpanId, claim.spanId);
      assert.equal(spanOf(spans, 'patch pod').parentSpanId, claim.spanId);
      // A release is a request of its own, and without a caller's trace begins one.
      assert.equal(spanOf(spans, 'DELETE /v1/claims/:claimId').parentSpanId, '');
      assert.ok(bodies.length > 0 && !bodies.join('').includes('secret'));
    });
  });

  it('shows that a claim waited in line, and which code a miss has', async () => {
    await withCollector(async ({ tracing, spans }) => {
      await withApi({ claims: replica.claims, tracer: tracing.tracer }, async (api) => {
        await api.send('/v1/pools/small/claims', { method: 'POST' });
        const json = { waitSeconds: 5 };
        const late = api.send('/v1/pools/small/claims', { method: 'POST', json });
        await eventually('one in line', () => replica.claims.poolSummary('small')?.waiting === 1);
        world.addPod();
        assert.equal((await late).status, 201);
        const missed = await api.send('/v1/pools/small/claims', { method: 'POST' });
        assert.equal(missed.status, 503);
      });
      await tracing.close();
      const [hit, waited, miss] = spans.filter(({ name }) => name === 'claim');
      assert.deepEqual([hit?.notes, waited?.notes], [[], ['in line']]);
      assert.deepEqual([hit?.isFault, waited?.isFault, miss?.isFault], [false, false, true]);
      assert.equal(miss?.facts['error.type'], 'poolMiss');
      const failed = spans.find(({ name, isFault }) => name === route && isFault);
      assert.equal(failed?.facts['error.type'], 'poolMiss');
    });
  });

  it('takes the nearer of two traceparents, and no notice of one that is none', async () => {
    await withCollector(async ({ tracing, spans }) => {
      const nearer = `00-${callersTrace}-00f067aa0ba902b7-01`;
      await withApi({ tracer: tracing.tracer }, async (api) => {
        const ask = (given: string): Promise<unknown> =>
          api.send('/v1/pools', { headers: { traceparent: given } });
        await ask(`${traceparent}, ${nearer}`);
        for (const bad of ['nonsense', '00-0-0-01', `${traceparent}-x`, 'x'.repeat(4_000)]) {
          await ask(bad);
        }
      });
      await tracing.close();
      const parents = spans.map(({ parentSpanId }) => parentSpanId);
      assert.deepEqual(parents, ['00f067aa0ba902b7', '', '', '', '']);
    });
  });

  it('follows a caller who records nothing', async () => {
    await withCollector(async ({ tracing, spans }) => {
      await withApi({ tracer: tracing.tracer }, async (api) => {
        const headers = { traceparent: traceparent.replace(/01$/, '00') };
        await api.send('/v1/pools', { headers });
        await api.send('/v1/pools');
      });
      await tracing.close();
      assert.equal(spans.length, 1);
    });
  });

  it('records nothing of who has no right, and nothing of what keepers ask', async () => {
    await withCollector(async ({ tracing, spans }) => {
      const tokens = { identify: () => null } as never;
      await withApi({ tracer: tracing.tracer, tokens }, async (api) => {
        const { status } = await api.send('/v1/pools', { headers: { traceparent } });
        assert.equal(status, 401);
        assert.equal((await api.send('/healthz')).status, 200);
      });
      await tracing.close();
      assert.deepEqual(spans, []);
    });
  });

  it('is not held up by a collector that never answers: neither a claim nor the end', async () => {
    const env = { OTEL_EXPORTER_OTLP_TIMEOUT: '10000' };
    const silent = { answer: () => undefined, env };
    await withCollector(async ({ tracing, bodies, troubles }) => {
      const api = await startApi({ tracer: tracing.tracer });
      // More than fit into its queue: what finds it full is dropped.
      for (let count = 0; count < 6_000; count += 1) tracing.tracer.start({ name: 'other' }).end();
      await eventually('the first batch', () => bodies.length > 0);
      const beganAtMs = performance.now();
      for (let count = 0; count < 20; count += 1) {
        assert.equal((await api.send('/v1/pools/small/claims', { method: 'POST' })).status, 201);
      }
      assert.ok(performance.now() - beganAtMs < 2_000, 'claims waited for the collector');
      await api.server.stop();
      const endedAtMs = performance.now();
      await tracing.close();
      const tookMs = performance.now() - endedAtMs;
      assert.ok(tookMs > 1_500 && tookMs < 4_000, `the end took ${tookMs} ms`);
      assert.deepEqual(troubles, ['the last spans were not taken in time']);
    }, silent);
  });

  it('says once that a collector is away or refuses, and claims go on', async () => {
    const port = await freePort();
    const away = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${port}/v1/traces` };
    // The exporter tries again for as long as an export may take.
    const env = { ...away, OTEL_EXPORTER_OTLP_TIMEOUT: '500' };
    await withCollector(
      async ({ tracing, troubles }) => {
        await withApi({ tracer: tracing.tracer }, async (api) => {
          assert.equal((await api.send('/v1/pools/small/claims', { method: 'POST' })).status, 201);
        });
        await tracing.close();
        assert.equal(troubles.length, 1);
        assert.match(troubles[0] ?? '', /ECONNREFUSED/);
      },
      { env },
    );
    const refuses = { answer: (response: ServerResponse) => void response.writeHead(400).end() };
    await withCollector(async ({ tracing, troubles }) => {
      for (let count = 0; count < 1_500; count += 1) tracing.tracer.start({ name: 'one' }).end();
      await tracing.close();
      assert.deepEqual(troubles, ['Bad Request']);
    }, refuses);
  });
});
