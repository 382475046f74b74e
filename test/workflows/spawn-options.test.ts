import assert from 'node:assert/strict';
import fc from 'fast-check';
import { spawnOverheadMs } from '../../src/pool/deadlines.ts';
import { specLimits } from '../../src/pool/spec.ts';
import { beatingOptions, spawnOptions } from '../../src/workflows/launch.ts';

/** As many as a pool may wait for at once. */
const pendingPods = fc.integer({ min: 0, max: specLimits.maxPending.max });

describe('the options of a spawn', () => {
  // A wait of 5 minutes once ran under a deadline of 30 seconds, and slow pools never filled.
  it('order every deadline, for every valid spec (P6)', () => {
    const { min, max } = specLimits.podReadySeconds;
    fc.assert(
      fc.property(fc.integer({ min, max }), pendingPods, (podReadySeconds, pending) => {
        const options = spawnOptions({ podReadySeconds }, pending);
        const startToCloseMs = Number(options.startToCloseTimeout);
        const scheduleToCloseMs = Number(options.scheduleToCloseTimeout);
        assert.ok(podReadySeconds * 1000 + spawnOverheadMs < startToCloseMs);
        assert.ok(startToCloseMs < scheduleToCloseMs);
        assert.ok(Number(options.heartbeatTimeout) * 5 <= startToCloseMs);
      }),
    );
  });
  // With a beat every 4 s for each of 1,000 pods Temporal had no time left for the pool: a workflow
  // task waited for 21 s to begin.
  it('ask for no more than 63 beats a second, however many pods are awaited (P9)', () => {
    fc.assert(
      fc.property(pendingPods, (pending) => {
        const { heartbeatTimeout } = spawnOptions({ podReadySeconds: 300 }, pending);
        const beatMs = Number(heartbeatTimeout) / 2.5;
        assert.ok(Number(heartbeatTimeout) >= 10_000);
        assert.ok((pending * 1000) / beatMs <= 63);
      }),
    );
  });
});

describe('the options of a retirement and of a list', () => {
  // A worker that was killed while a delete hung kept the pod from being retired for a minute.
  it('notice the death of a process within 10 s, well before start-to-close (P6)', () => {
    assert.equal(beatingOptions.heartbeatTimeout, 10_000);
    assert.equal(beatingOptions.startToCloseTimeout, '60s');
  });
});
