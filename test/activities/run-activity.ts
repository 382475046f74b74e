/** Runs an activity as a worker would: in a context of its own, without a server. */
import { asyncLocalStorage, Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';

/** What an attempt is told, and the means to cancel it. */
export interface Attempt {
  attempt?: number;
  heartbeatDetails?: unknown;
  heartbeatTimeoutMs?: number;
  /** Hears of every heartbeat. */
  beat?: () => void;
  /** Hears of everybody who waits for the cancellation: what they keep is kept until the attempt ends. */
  awaitsCancellation?: () => void;
  /** Cancels the attempt. */
  cancelled?: AbortSignal;
  /** Whether the cancellation means that the process shuts down. */
  isShutdown?: boolean;
}

/** Resolves or rejects as the activity does. */
export async function runActivity<T>(activity: () => Promise<T>, given: Attempt = {}): Promise<T> {
  const signal = given.cancelled ?? new AbortController().signal;
  const cancelled = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new CancelledFailure('cancelled')));
  });
  cancelled.catch(() => undefined);
  const { awaitsCancellation } = given;
  if (awaitsCancellation !== undefined) {
    const then = cancelled.then.bind(cancelled);
    cancelled.then = (...handlers) => {
      awaitsCancellation();
      return then(...handlers);
    };
  }
  const nothing = (): void => undefined;
  const log = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
  const { attempt = 1, heartbeatDetails, isShutdown: workerShutdown = false } = given;
  const { heartbeatTimeoutMs } = given;
  const currentAttemptScheduledTimestampMs = Date.now();
  const info = {
    ...{ attempt, heartbeatDetails, heartbeatTimeoutMs, currentAttemptScheduledTimestampMs },
  };
  const details = { details: { workerShutdown } };
  const client = { activity: { heartbeat: () => Promise.resolve() } };
  const parts = [info, cancelled, signal, given.beat ?? nothing, client, log, undefined, details];
  const context = Reflect.construct(Context, parts) as Context;
  return asyncLocalStorage.run(context, activity);
}
