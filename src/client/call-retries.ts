/** How calls to Temporal are tried again, and how a connection is closed while one waits to be. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type GrpcRetryOptions,
} from '@temporalio/client';

/**
 * The client's own waits between tries grow to 5 s; a call here has 8 s at most, and a server that is
 * back should be found with more than one try left. It also bounds what closing may wait.
 */
const longestRetryDelayMs = 1_000;

/** Room for the timer of a try to run late, on a busy machine, before the channel is closed. */
const lateTryMs = 50;

/**
 * The client's retries, tracked. Its interceptor sleeps through a closing of the connection, and the
 * try after that is raised out of a timer, where nobody can catch it: it ended the whole process.
 */
export class CallRetries {
  #lastTryAtMs = 0;
  #isOver = false;

  /** For `ConnectionOptions.interceptors`. */
  readonly interceptor = makeGrpcRetryInterceptor(this.#options());

  /** Ends new tries, and waits for those that are due: 1.05 s at most, nothing when none is. */
  async end(): Promise<void> {
    this.#isOver = true;
    const dueMs = this.#lastTryAtMs - performance.now();
    if (dueMs > -lateTryMs) await sleep(dueMs + lateTryMs);
  }

  #options(): GrpcRetryOptions {
    const usual = defaultGrpcRetryOptions();
    return {
      retryableDecider: (attempt, status) =>
        !this.#isOver && usual.retryableDecider(attempt, status),
      delayFunction: (attempt, status) => {
        const delayMs = Math.min(longestRetryDelayMs, usual.delayFunction(attempt, status));
        this.#lastTryAtMs = Math.max(this.#lastTryAtMs, performance.now() + delayMs);
        return delayMs;
      },
    };
  }
}
