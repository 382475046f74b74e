/** Reads what Temporal's client raises: apart from the error itself, so that it needs no client. */
import {
  isGrpcServiceError,
  QueryRejectedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { innermostMessage, PoolError } from './pool-error.ts';
import { CallTooLateError } from './within-deadline.ts';

/**
 * gRPC's codes of a call cut off by its deadline (1 when the client, 4 when the server was first),
 * and of a query while no worker polls the task queue (9).
 */
const unansweredCodes = [1, 4, 9];

/** Puts what Temporal's client raised for a pool into words; `address` is Temporal's. */
export function toPoolError(error: unknown, pool: string, address: string): PoolError {
  if (error instanceof PoolError) return error;
  if (error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError) {
    return new PoolError('notFound', `There is no pool ${pool}; \`get pools\` lists them`, error);
  }
  if (error instanceof WorkflowUpdateFailedError) {
    return new PoolError('refused', error.cause?.message ?? error.message, error);
  }
  if (
    error instanceof CallTooLateError ||
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    unansweredCodes.includes(grpcCode(error))
  ) {
    const message = `Pool ${pool} did not answer in time at Temporal ${address}; check that a pilotlight worker runs`;
    return new PoolError('unanswered', message, error);
  }
  const message = `Temporal at ${address} failed for pool ${pool}: ${innermostMessage(error)}`;
  return new PoolError('unreachable', message, error);
}

/** The code of a gRPC error, else 0. The client wraps them once, depending on the call. */
function grpcCode(error: unknown): number {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause.code : 0;
}
