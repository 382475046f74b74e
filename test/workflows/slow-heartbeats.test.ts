import assert from 'node:assert/strict';
import type { ActivityOptions } from '@temporalio/workflow';
import fc from 'fast-check';
import { beatEveryMs } from '../../src/activities/beat-every.ts';
import { heartbeatTimeoutMs, slowHeartbeatMs } from '../../src/pool/deadlines.ts';
import { specLimits } from '../../src/pool/spec.ts';
import { spawnOptions } from '../../src/workflows/launch.ts';
import { interceptors } from '../../src/workflows/slow-heartbeats.ts';

/** The options that an activity is scheduled with behind the interceptor. */
async function scheduledWith(options: ActivityOptions): Promise<ActivityOptions> {
  const [{ scheduleActivity } = {}] = interceptors().outbound ?? [];
  assert.ok(scheduleActivity);
  const input = { activityType: 'a', args: [], headers: {}, seq: 1, options };
  return (await scheduleActivity(input, (given) =>
    Promise.resolve(given.options),
  )) as ActivityOptions;
}

describe('heartbeats for a Temporal that bills them', () => {
  it('come 50 times an hour from the watcher', async () => {
    const asked = { heartbeatTimeout: heartbeatTimeoutMs, startToCloseTimeout: '25h' } as const;
    const { heartbeatTimeout } = await scheduledWith(asked);
    assert.equal(heartbeatTimeout, 180_000);
    assert.equal(3_600_000 / beatEveryMs(180_000, false), 50);
  });

  it('leave a lost attempt of a spawn time for the next (P6)', async () => {
    const { min, max } = specLimits.podReadySeconds;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min, max }),
        fc.nat(1_000),
        async (podReadySeconds, pending) => {
          const asked = spawnOptions({ podReadySeconds }, pending);
          const { heartbeatTimeout: slow } = await scheduledWith(asked);
          assert.ok(typeof slow === 'number');
          assert.ok(slow >= Number(asked.heartbeatTimeout));
          assert.ok(slow * 5 <= Number(asked.startToCloseTimeout) + 5);
        },
      ),
    );
  });

  it('are asked of no activity that does not beat', async () => {
    const asked = { startToCloseTimeout: '60s' } as const;
    assert.deepEqual(await scheduledWith(asked), asked);
  });

  it('are as fast as ever unless asked for', () => {
    assert.equal(beatEveryMs(heartbeatTimeoutMs, false), 2_000);
    assert.equal(beatEveryMs(heartbeatTimeoutMs, true), 4_000);
    assert.equal(slowHeartbeatMs(10_000, 60_000), 12_000);
  });
});
