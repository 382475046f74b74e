/** Keeps one watcher of a namespace's pods running. */
import {
  ActivityCancellationType,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { heartbeatTimeoutMs } from '../pool/deadlines.ts';
import type { WatchWorkflowInput } from './messages.ts';
import { readWatchInput } from './read-input.ts';

/**
 * The activity returns within 24 h of its own accord; start-to-close is only the backstop. Its
 * schedule-to-close is left open: a watcher that can't be placed for days must still be placed then.
 */
const { watchPods } = proxyActivities<Activities>({
  startToCloseTimeout: '25h',
  heartbeatTimeout: heartbeatTimeoutMs,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1s', maximumInterval: '5s' },
});

/** Watches per run: a new run every few months keeps the history short. */
const watchesPerRun = 100;

/** Watches until it is cancelled. */
export async function watchWorkflow(given: WatchWorkflowInput): Promise<void> {
  const input = readWatchInput(given);
  for (let round = 0; round < watchesPerRun; round += 1) {
    try {
      await watchPods.executeWithOptions({ summary: `watch ${input.namespace}` }, [input]);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('the watcher ended, it is started again', { error: String(error) });
      await sleep('5s');
    }
  }
  await continueAsNew<typeof watchWorkflow>(input);
}
