/** How trouble with a cluster reaches Temporal: as failures that are tried again. */
import { ApplicationFailure } from '@temporalio/common';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';

/**
 * Raises a retryable `WrongCluster` when a pool of another cluster is worked on: a misconfigured
 * process must neither create nor delete anything, and a right one may take the next attempt.
 */
export function assertCluster(expected: string | null, actual: string): void {
  if (expected === null || expected === actual) return;
  throw ApplicationFailure.retryable(
    `this process speaks to cluster ${actual}, but the pool lives in ${expected}; check its kubeconfig`,
    'WrongCluster',
  );
}

/** Runs a call; trouble of the cluster becomes a retryable failure that honours Retry-After. */
export async function callCluster<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    throw ApplicationFailure.create({
      message: error.message,
      type: 'ClusterUnavailable',
      cause: error,
      // Zero would stop the retries, so only a real wait is passed on.
      ...(error.retryAfterMs ? { nextRetryDelay: error.retryAfterMs } : {}),
    });
  }
}
