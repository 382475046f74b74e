/** The words for what keeps a claim from its pod. */
import type { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import type { PoolCard } from '../pool/actions.ts';
import type { AttemptEnd } from './claim-steps.ts';
import { ClaimError } from './claim-error.ts';

/** Before a pool has started a pod, nobody knows how long it takes; a few seconds are usual. */
const unknownStartSeconds = 5;

/** A caller is never told to stay away for longer than this. */
const longestRetryAfterSeconds = 300;

/** When Kubernetes does not answer: an API server restarts in a few seconds. */
const unavailableRetrySeconds = 2;

/**
 * Seconds until a claim with so many in front of it may find a pod: as many rounds of the pool's
 * usual start time as it takes with the pods that are starting now.
 */
export function estimateSeconds(options: {
  card: PoolCard | undefined;
  inFront: number;
  pending: number;
}): number {
  const { card, inFront, pending } = options;
  const startSeconds = card?.startSecondsEstimate ?? unknownStartSeconds;
  const rounds = Math.ceil((inFront + 1) / Math.max(1, pending));
  return Math.min(longestRetryAfterSeconds, Math.max(1, Math.ceil(startSeconds * rounds)));
}

/** No pod turned warm in time. */
export function missError(options: {
  pool: string;
  retryAfterSeconds: number;
  waitedMs: number;
}): ClaimError {
  const { pool, retryAfterSeconds, waitedMs } = options;
  const message = `Pool ${pool} had no warm pod in time; one is expected in about ${retryAfterSeconds} s`;
  return new ClaimError('poolMiss', message, {
    retryAfterSeconds,
    details: { estimateSeconds: retryAfterSeconds, waitedMs },
  });
}

/** Kubernetes does not answer or asks for patience, or refuses us. */
export function unavailableError(error: KubernetesError): ClaimError {
  const retryAfterSeconds =
    error.retryAfterMs === null ? unavailableRetrySeconds : Math.ceil(error.retryAfterMs / 1000);
  const message = `Kubernetes did not carry out the call: ${error.message}`;
  return new ClaimError('clusterUnavailable', message, {
    retryAfterSeconds,
    details: { kind: error.kind },
    cause: error,
  });
}

/** Kubernetes has asked for patience, and the time it named is not over. */
export function patienceError(heldForMs: number): ClaimError {
  return new ClaimError('clusterUnavailable', 'Kubernetes asks for patience', {
    retryAfterSeconds: Math.ceil(heldForMs / 1000),
    details: { kind: 'throttled' },
  });
}

/** This replica is on its way out; another one serves at once. */
export function shuttingDownError(): ClaimError {
  return new ClaimError('shuttingDown', 'This replica shuts down; another one serves the claim', {
    retryAfterSeconds: 1,
  });
}

/** The claim was released before it had a pod. */
export function withdrawnError(claimId: string): ClaimError {
  return new ClaimError('claimEnded', `Claim ${claimId} was released while it waited`);
}

/** The pool accepts no claims, or there is no such pool. */
export function closedPoolError(pool: string, card: PoolCard | undefined): ClaimError {
  return card === undefined
    ? new ClaimError('unknownPool', `There is no pool ${pool}`)
    : new ClaimError('poolDraining', `Pool ${pool} drains and accepts no claims`);
}

/** The claimId belongs to a claim of another pool. */
export function idInUseError(claimId: string, pool: string): ClaimError {
  const message = `The claimId ${claimId} is in use for pool ${pool}`;
  return new ClaimError('claimIdInUse', message, { details: { pool } });
}

/** The error of an attempt that ended for good, other than by the end of its claim. */
export function attemptError(
  claimId: string,
  end: Extract<AttemptEnd, { kind: 'inUse' | 'foreignRecord' | 'refused' | 'outpaced' }>,
): ClaimError {
  switch (end.kind) {
    case 'inUse':
      return idInUseError(claimId, end.pool);
    case 'foreignRecord': {
      const message = `The Lease that would record claimId ${claimId} is not a claim record`;
      return new ClaimError('claimIdInUse', message);
    }
    case 'refused':
      return new ClaimError('badRequest', `Kubernetes refuses the claim: ${end.message}`);
    case 'outpaced': {
      const message = `The pods of claimId ${claimId} changed faster than it could be carried out`;
      return new ClaimError('clusterUnavailable', message, { retryAfterSeconds: 1 });
    }
  }
}
