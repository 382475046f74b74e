import { isDeepStrictEqual } from 'node:util';
import type { PoolStatus } from '../pool/status.ts';
import { PoolError } from './pool-error.ts';

/** Refusals that may be of what was sent here. */
const ownMessages = /^(setTarget|applySpec): /;

/**
 * Sends a pool what was checked against its status, and asks what came of it: a query is answered by a
 * workflow that has handled every signal before it. Our programs send no updates: docs/adr/0043.
 *
 * @param options.before the status by which it was checked
 * @param options.send sends the signal
 * @param options.ask asks for the status after it
 * @throws PoolError `refused` when the pool was changed meanwhile and did not follow; `unanswered` when no
 *   worker answers: Temporal keeps what was sent, and it is followed once one does
 */
export async function tellPool(options: {
  before: PoolStatus;
  send: () => Promise<void>;
  ask: () => Promise<PoolStatus>;
}): Promise<PoolStatus> {
  const { before, send, ask } = options;
  await send();
  const after = await ask().catch((error: unknown) => {
    if (!(error instanceof PoolError) || error.code !== 'unanswered') throw error;
    const message = `${error.message}; what was asked for is stored, and followed once one does`;
    throw new PoolError('unanswered', message, error);
  });
  const { lastRefusal } = after;
  const isNew = lastRefusal !== null && !isDeepStrictEqual(lastRefusal, before.lastRefusal);
  if (isNew && ownMessages.test(lastRefusal.message)) {
    throw new PoolError('refused', lastRefusal.message.replace(ownMessages, ''));
  }
  return after;
}
