import assert from 'node:assert/strict';
import { ClaimLostError, PilotlightClient } from '../../src/client/index.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { grant, sendJson, sendProblem, withFlakyApi } from './flaky-api.ts';

const released = { claimId: 'c', pool: 'small', reason: null, hadEnded: false };

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
