import { isDeepStrictEqual } from 'node:util';
import type { PoolStatus } from '../pool/status.ts';
import { PoolError } from './pool-error.ts';

/**
 * Sends a pool what was checked against its status, and asks what came of it: a query is answered by a
 * workflow that has handled every signal before it. Our programs send no updates: docs/adr/0043.
 *
 * @param options.name the signal's
 * @param options.before the status by which it was checked
 * @param options.send sends the signal
 * @param options.ask asks for the status after it
 * @throws PoolError `refused` when the pool was changed meanwhile and did not follow; `unanswered` or
 *   `unreachable` when nobody answers: Temporal keeps what was sent, and it is followed once a worker runs
 */
export async function tellPool(options: {
  name: string;
  before: PoolStatus;
  send: () => Promise<void>;
  ask: () => Promise<PoolStatus>;
}): Promise<PoolStatus> {
  const { name, before, send, ask } = options;
  await send();
  const after = await ask().catch((error: unknown) => {
    if (!(error instanceof PoolError) || error.code === 'notFound') throw error;
    const message = `${error.message}; what was asked for is stored, and followed once a worker runs`;
    throw new PoolError(error.code, message, error);
  });
  const { lastRefusal } = after;
  const isNew = lastRefusal !== null && !isDeepStrictEqual(lastRefusal, before.lastRefusal);
  const prefix = `${name}: `;
  if (isNew && lastRefusal.message.startsWith(prefix)) {
    throw new PoolError('refused', lastRefusal.message.slice(prefix.length));
  }
  return after;
}
