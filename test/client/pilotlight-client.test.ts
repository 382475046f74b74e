import assert from 'node:assert/strict';
import {
  AmbiguousShapeError,
  ClaimMissError,
  NoSuchShapeError,
  PilotlightClient,
  PilotlightError,
  UnreachableError,
} from '../../src/client/index.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { grant, sendJson, sendProblem, withFlakyApi } from './flaky-api.ts';

/** Nothing listens on port 5 of loopback: a connection is refused at once (fetch has no port 1). */
const nowhere = 'http://127.0.0.1:5';

const released = { claimId: 'c', pool: 'small', reason: null, hadEnded: false };

describe('PilotlightClient', () => {
  it('claims with a name of its own, and releases at the end of the block', async () => {
    await withFlakyApi(
      ({ method }, response) =>
        method === 'POST' ? grant(response, 60) : sendJson(response, released),
      async ({ url, seen }) => {
        const pilotlight = new PilotlightClient({ url: `${url}/`, token: 'secret-token' });
        {
          await using claim = await pilotlight.claim('small', { holder: 'me' });
          assert.equal(claim.pod.ip, '10.0.0.1');
        }
        assert.deepEqual(
          seen.map(({ method, path }) => `${method} ${path}`),
          ['POST /v1/pools/small/claims', 'DELETE /v1/claims/c'],
        );
        assert.match(String(seen[0]?.body['claimId']), /^[0-9a-f-]{36}$/);
        assert.deepEqual(
          { ...seen[0]?.body, claimId: '' },
          { claimId: '', holder: 'me', waitSeconds: 0 },
        );
        assert.equal(seen[0]?.authorization, 'Bearer secret-token');
      },
    );
  });

  it('repeats a claim under the same name after a reset, a 5xx, a 503 and a page of a proxy', async () => {
    await withFlakyApi(
      (_request, response, count) => {
        if (count === 1) response.destroy();
        else if (count === 2) sendProblem(response, 'internal');
        else if (count === 3) sendProblem(response, 'shuttingDown', 0);
        else if (count === 4) response.writeHead(502).end('<html>');
        else grant(response, null);
      },
      async ({ url, seen }) => {
        await new PilotlightClient({ url }).claim('small');
        assert.equal(seen.length, 5);
        assert.equal(new Set(seen.map(({ body }) => body['claimId'])).size, 1);
      },
    );
  });

  it('claims by shape and image under one name, which it repeats, renews and releases', async () => {
    await withFlakyApi(
      ({ method }, response, count) => {
        if (count === 1) response.destroy();
        else if (method === 'DELETE') sendJson(response, released);
        else grant(response, 1);
      },
      async ({ url, seen }) => {
        const pilotlight = new PilotlightClient({ url });
        const claim = await pilotlight.claimByShape(
          { shape: 'large', image: 'db:2' },
          { holder: 'me' },
        );
        assert.equal(claim.pool, 'small');
        await eventually('a renewal', () => seen.some(({ path }) => path.endsWith('/renew')));
        await claim.release();
        const [lost, granted] = seen;
        assert.deepEqual(granted, lost);
        assert.deepEqual(
          { path: lost?.path, body: { ...lost?.body, claimId: '' } },
          {
            path: '/v1/claims',
            body: { claimId: '', holder: 'me', waitSeconds: 0, shape: 'large', image: 'db:2' },
          },
        );
        assert.match(String(lost?.body['claimId']), /^[0-9a-f-]{36}$/);
        assert.equal(seen.at(-1)?.path, '/v1/claims/c');
      },
    );
  });

  for (const [code, type] of [
    ['noSuchShape', NoSuchShapeError],
    ['ambiguousShape', AmbiguousShapeError],
  ] as const) {
    it(`raises ${type.name} with the candidates at once, whatever it may wait`, async () => {
      const candidates = [{ pool: 'a', shape: 'large', image: null }];
      await withFlakyApi(
        (_request, response) => sendProblem(response, code, undefined, { candidates }),
        async ({ url, seen }) => {
          const pilotlight = new PilotlightClient({ url });
          const claim = pilotlight.claimByShape({ image: 'db:2' }, { waitSeconds: 60 });
          await assert.rejects(claim, (error) => {
            assert.ok(error instanceof type && error instanceof PilotlightError);
            assert.deepEqual([error.code, error.candidates], [code, candidates]);
            return true;
          });
          assert.equal(seen.length, 1);
          assert.equal('shape' in seen[0]!.body, false);
        },
      );
    });
  }

  it('never repeats a claim without a name when it may have been granted', async () => {
    await withFlakyApi(
      (_request, response) => response.destroy(),
      async ({ url, seen }) => {
        const pilotlight = new PilotlightClient({ url });
        await assert.rejects(pilotlight.claim('small', { claimId: null }), UnreachableError);
        assert.equal(seen.length, 1);
        assert.equal('claimId' in seen[0]!.body, false);
      },
    );
  });

  it('repeats a claim without a name where nothing can have happened', async () => {
    await withFlakyApi(
      (_request, response, count) =>
        count === 1 ? sendProblem(response, 'shuttingDown', 0) : grant(response, null),
      async ({ url, seen }) => {
        const pilotlight = new PilotlightClient({ url: [nowhere, url] });
        await pilotlight.claim('small', { claimId: null });
        assert.equal(seen.length, 2);
      },
    );
  });

  it('turns to another replica at once, and stays with the one that answers', async () => {
    await withFlakyApi(
      (_request, response) => grant(response, null),
      async ({ url, seen }) => {
        const pilotlight = new PilotlightClient({ url: [nowhere, nowhere, url] });
        const startedAtMs = performance.now();
        await pilotlight.claim('small');
        await pilotlight.claim('small');
        assert.ok(performance.now() - startedAtMs < 1_000);
        assert.equal(seen.length, 2);
      },
    );
  });

  it('waits as long as Retry-After says', async () => {
    await withFlakyApi(
      (_request, response, count) =>
        count === 1 ? sendProblem(response, 'tooManyWaiting', 0.4) : grant(response, null),
      async ({ url }) => {
        const startedAtMs = performance.now();
        await new PilotlightClient({ url }).claim('small');
        const tookMs = performance.now() - startedAtMs;
        assert.ok(tookMs >= 395 && tookMs < 2_000, `${tookMs} ms`);
      },
    );
  });

  it('raises a miss with its estimate once the wait is over, and no sooner', async () => {
    await withFlakyApi(
      (_request, response) => setTimeout(() => sendProblem(response, 'poolMiss', 7), 300),
      async ({ url, seen }) => {
        const claim = new PilotlightClient({ url }).claim('small', { waitSeconds: 1 });
        await assert.rejects(claim, (error) => {
          assert.ok(error instanceof ClaimMissError);
          assert.equal(error.retryAfterSeconds, 7);
          assert.equal(error.status, 503);
          return true;
        });
        assert.ok(seen.length >= 3);
      },
    );
  });

  it('gives up after the time for tries, with the last error', async () => {
    const pilotlight = new PilotlightClient({ url: nowhere });
    const startedAtMs = performance.now();
    await assert.rejects(pilotlight.claim('small', { retryForMs: 400 }), /ECONNREFUSED/);
    assert.ok(performance.now() - startedAtMs < 1_500);
  });

  it('does not repeat what will not pass', async () => {
    await withFlakyApi(
      (_request, response) => sendProblem(response, 'claimIdInUse'),
      async ({ url, seen }) => {
        const claim = new PilotlightClient({ url }).claim('small');
        await assert.rejects(claim, (error) => {
          assert.ok(error instanceof PilotlightError);
          assert.equal(error.code, 'claimIdInUse');
          return true;
        });
        assert.equal(seen.length, 1);
      },
    );
  });

  it("ends by its signal with the signal's reason, and gives up what may have been granted", async () => {
    await withFlakyApi(
      ({ method }, response) => {
        if (method === 'DELETE') sendProblem(response, 'claimNotFound');
      },
      async ({ url, seen }) => {
        const abort = new AbortController();
        const reason = new Error('enough');
        const claim = new PilotlightClient({ url }).claim('small', {
          waitSeconds: 60,
          signal: abort.signal,
        });
        setTimeout(() => abort.abort(reason), 50);
        await assert.rejects(claim, reason);
        await eventually('a release', () => seen.length === 2);
        assert.equal(
          seen[1]?.path,
          `/v1/claims/${String(seen[0]?.body['claimId'])}?reason=the%20caller%20gave%20up`,
        );
      },
    );
  });

  it('refuses a URL that is none, naming it', () => {
    assert.throws(
      () => new PilotlightClient({ url: 'localhost:1' }),
      /Expected `url`.*localhost:1/,
    );
    assert.throws(() => new PilotlightClient({ url: [] }), /Expected `url`/);
  });
});
