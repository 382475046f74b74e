import assert from 'node:assert/strict';
import fc from 'fast-check';
import { spawnOverheadMs } from '../../src/pool/deadlines.ts';
import { specLimits } from '../../src/pool/spec.ts';
import { spawnOptions } from '../../src/workflows/launch.ts';

describe('the options of a spawn', () => {
  // A wait of 5 minutes once ran under a deadline of 30 seconds, and slow pools never filled.
  it('order every deadline, for every valid spec (P6)', () => {
    const { min, max } = specLimits.podReadySeconds;
    fc.assert(
      fc.property(fc.integer({ min, max }), (podReadySeconds) => {
        const options = spawnOptions({ podReadySeconds });
        const startToCloseMs = Number(options.startToCloseTimeout);
        const scheduleToCloseMs = Number(options.scheduleToCloseTimeout);
        assert.ok(podReadySeconds * 1000 + spawnOverheadMs < startToCloseMs);
        assert.ok(startToCloseMs < scheduleToCloseMs);
        assert.ok(Number(options.heartbeatTimeout) * 5 < startToCloseMs);
      }),
    );
  });
});
