import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { ClaimError } from '../../src/claims/claim-error.ts';
import type { Claim } from '../../src/claims/claim.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';
import { exampleClaim, fakeClaims, startApi } from './api-under-test.ts';
import { sendRaw } from './raw-request.ts';

const claimPath = '/v1/pools/small/claims';

/** Claims that wait until they are told how to end. */
function waitingClaims() {
  const signals: AbortSignal[] = [];
  const { promise, reject } = Promise.withResolvers<Claim>();
  const claims = fakeClaims({
    claim: (_request, caller) => {
      if (caller?.signal !== undefined) signals.push(caller.signal);
      return promise;
    },
    stop: () => {
      reject(new ClaimError('shuttingDown', 'This replica stops.', { retryAfterSeconds: 1 }));
      return Promise.resolve();
    },
  });
  return { claims, signals };
}

describe('the end of a server', () => {
  it('tells those who wait to go elsewhere, and closes kept connections', async () => {
    const { claims, signals } = waitingClaims();
    const api = await startApi({ claims });
    const idle = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      request(`${api.url}/healthz`, { agent: idle }, (response) =>
        response.resume().on('end', resolve),
      )
        .on('error', reject)
        .end();
    });
    const waiting = Promise.all([1, 2, 3].map(() => api.send(claimPath, { method: 'POST' })));
    await eventually('three in line', () => signals.length === 3);
    const startedAtMs = performance.now();
    await api.server.stop();
    assert.ok(performance.now() - startedAtMs < 1_000);
    for (const { status, headers, problem } of await waiting) {
      assert.deepEqual([status, problem.code], [503, 'shuttingDown']);
      assert.equal(headers.get('retry-after'), '1');
      assert.equal(headers.get('connection'), 'close');
    }
    await assert.rejects(fetch(`${api.url}/healthz`));
    idle.destroy();
  });

  it('is not ready from the first moment of its stop, and finishes what is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<Claim>();
    const stopping = Promise.withResolvers<undefined>();
    let isAsked = false;
    const claims = fakeClaims({
      claim: () => {
        isAsked = true;
        return promise;
      },
      stop: () => stopping.promise,
    });
    const api = await startApi({ claims });
    const claim = api.send(claimPath, { method: 'POST' });
    await eventually('a claim under way', () => isAsked);
    const stopped = api.server.stop();
    const { status, body } = await api.send('/readyz');
    assert.deepEqual(
      [status, body['ready'], body['why']],
      [503, false, 'The replica is shutting down.'],
    );
    resolve(exampleClaim());
    stopping.resolve(undefined);
    assert.equal((await claim).status, 201);
    await stopped;
  });

  it('is bounded: what does not end is cut off', async () => {
    let isAsked = false;
    const claims = fakeClaims({
      claim: () => {
        isAsked = true;
        return new Promise(() => undefined);
      },
      stop: () => new Promise(() => undefined),
    });
    const api = await startApi({ claims, timeouts: { stopDeadlineMs: 200 } });
    const claim = api.send(claimPath, { method: 'POST' });
    const cut = assert.rejects(claim);
    await eventually('a claim under way', () => isAsked);
    await api.server.stop();
    await cut;
  });
});

describe('a caller that goes away', () => {
  it('leaves the line with each of its pipelined claims', async () => {
    const { claims, signals } = waitingClaims();
    const api = await startApi({ claims });
    const one = `POST ${claimPath} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    await sendRaw(api.port, one + one, 200);
    assert.equal(signals.length, 2);
    await eventually('the end of both', () => signals.every(({ aborted }) => aborted));
    await api.server.stop();
  });
});
