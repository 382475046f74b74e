/**
 * For a Temporal that bills each heartbeat: activities of workflows that are bundled with this ask for
 * so many times slower ones. Replay compares no options of activities, so a worker may run histories
 * that one with other heartbeats has begun.
 */
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { slowHeartbeatMs } from '../pool/deadlines.ts';

/** Found by its name when a bundle is made with this module. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity(input, next) {
        const { heartbeatTimeout, startToCloseTimeout } = input.options;
        // Ours are numbers of milliseconds; activities that do not beat have none.
        if (typeof heartbeatTimeout !== 'number') return next(input);
        const isShort = typeof startToCloseTimeout === 'number';
        const slow = slowHeartbeatMs(heartbeatTimeout, isShort ? startToCloseTimeout : Infinity);
        return next({ ...input, options: { ...input.options, heartbeatTimeout: slow } });
      },
    },
  ],
});
