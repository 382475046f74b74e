/** What a process that shuts down says of an activity it leaves to another. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { cancellationDetails } from '@temporalio/activity';

/**
 * The error to raise for one that ended a wait. On shutdown it is a benign failure that is tried
 * again after 1 ms (0 would stop the retries), so another process goes on at once with the same pod.
 */
export function handOver(error: unknown): unknown {
  if (!(error instanceof CancelledFailure)) return error;
  if (cancellationDetails()?.workerShutdown !== true) return error;
  return ApplicationFailure.create({
    message: 'the process shuts down and hands the wait over',
    type: 'HandOver',
    nextRetryDelay: '1ms',
    category: 'BENIGN',
  });
}
