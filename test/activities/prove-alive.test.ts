import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { proveAlive, trustedForMs } from '../../src/activities/prove-alive.ts';

// A process that was stopped for 40 s went on with the attempts that lay in its sockets. The pod of one
// had been made by another process, had served and was gone: it was made a second time.
describe('an attempt that is about to create a pod (P1)', () => {
  const lost = (): Promise<never> => Promise.reject(new Error('activity not found'));

  it('is trusted when it was scheduled just now, without a call', async () => {
    const aliveMs = await proveAlive({ scheduledAtMs: Date.now(), heartbeat: lost });
    assert.ok(performance.now() - aliveMs < trustedForMs);
  });

  it('asks Temporal when it was scheduled long ago', async () => {
    const scheduledAtMs = Date.now() - trustedForMs - 1_000;
    const beforeMs = performance.now();
    const aliveMs = await proveAlive({ scheduledAtMs, heartbeat: () => Promise.resolve() });
    assert.ok(aliveMs >= beforeMs);
  });

  it('is tried again elsewhere when Temporal has given it up', async () => {
    const scheduledAtMs = Date.now() - trustedForMs - 1_000;
    await assert.rejects(
      proveAlive({ scheduledAtMs, heartbeat: lost }),
      (error) =>
        error instanceof ApplicationFailure && error.type === 'HeldUp' && !error.nonRetryable,
    );
  });
});
