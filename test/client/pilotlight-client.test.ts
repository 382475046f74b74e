import assert from 'node:assert/strict';
import {
  AmbiguousShapeError,
  ClaimLostError,
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

describe('a held claim', () => {
  it('renews itself three times a lease while it is held, and stops when it is released', async () => {
    await withFlakyApi(
      ({ method }, response) =>
        method === 'POST' ? grant(response, 1) : sendJson(response, released),
      async ({ url, seen }) => {
        const claim = await new PilotlightClient({ url }).claim('small');
        await eventually('three renewals', () => seen.length === 4);
        await claim.release();
        const count = seen.length;
        await new Promise((resolve) => setTimeout(resolve, 500));
        assert.equal(seen.length, count);
        assert.equal(claim.signal.aborted, false);
        assert.deepEqual(seen[1]?.body, { leaseSeconds: 1 });
      },
    );
  });

  it('survives renewals that fail for less than its lease', async () => {
    await withFlakyApi(
      ({ path }, response, count) => {
        if (path.endsWith('/renew') && count < 4) response.destroy();
        else grant(response, 2);
      },
      async ({ url, seen }) => {
        const claim = await new PilotlightClient({ url }).claim('small');
        await eventually('a renewal that succeeds', () => seen.length >= 5);
        assert.equal(claim.signal.aborted, false);
        await claim.release();
      },
    );
  });

  it('is lost at once when the API says so, with the reason', async () => {
    await withFlakyApi(
      ({ path }, response) =>
        path.endsWith('/renew') ? sendProblem(response, 'claimLost') : grant(response, 1),
      async ({ url }) => {
        const claim = await new PilotlightClient({ url }).claim('small');
        const error = await claim.lost;
        assert.ok(error instanceof ClaimLostError);
        assert.equal(error.message, 'claimLost it is.');
        assert.equal(claim.signal.reason, error);
      },
    );
  });

  it('is lost at the end of its lease when no renewal reaches the API, and not later', async () => {
    await withFlakyApi(
      ({ path }, response) => (path.endsWith('/renew') ? response.destroy() : grant(response, 1)),
      async ({ url }) => {
        const startedAtMs = performance.now();
        const claim = await new PilotlightClient({ url }).claim('small');
        const error = await claim.lost;
        const tookMs = performance.now() - startedAtMs;
        assert.match(error.message, /lease of claim c ended/);
        assert.ok(tookMs >= 900 && tookMs <= 1_300, `${tookMs} ms`);
      },
    );
  });

  // A service that was restarted claimed under its old name and got its old pod, with the few seconds
  // that were left of the lease; counting a whole lease from then would have outlived it.
  it('renews an old lease by what is left of it', async () => {
    await withFlakyApi(
      ({ path }, response) => {
        if (path.endsWith('/renew')) {
          grant(response, 60);
          return;
        }
        const expiresAt = new Date(Date.now() + 2_000).toISOString();
        const lease = { expiresAt, seconds: 60 };
        const pod = { name: 'p', namespace: 'default', uid: 'u', ip: null, node: null };
        sendJson(
          response,
          { claimId: 'c', pool: 'small', hit: true, waitedMs: 0, pod, lease },
          201,
        );
      },
      async ({ url, seen }) => {
        const claim = await new PilotlightClient({ url }).claim('small', { claimId: 'c' });
        await eventually('a renewal', () => seen.length === 2);
        await claim.release().catch(() => undefined);
      },
    );
  });

  it('is released once, whoever asks, and a claim that has ended already is no error', async () => {
    await withFlakyApi(
      ({ method }, response) =>
        method === 'POST' ? grant(response, 60) : sendProblem(response, 'claimNotFound'),
      async ({ url, seen }) => {
        const claim = await new PilotlightClient({ url }).claim('small');
        await Promise.all([claim.release({ reason: 'unhealthy' }), claim.release()]);
        await claim[Symbol.asyncDispose]();
        assert.deepEqual(
          seen.slice(1).map(({ path }) => path),
          ['/v1/claims/c?reason=unhealthy'],
        );
      },
    );
  });
});
