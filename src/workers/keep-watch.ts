/** Sees to it that a namespace's pods are watched. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { watchWorkflowId } from '../pool/names.ts';
import { workflowTypes } from '../workflows/messages.ts';

/**
 * Pause between looks: without a watch a pool learns of a lost pod by its next list, up to an hour
 * late, and a look costs one call.
 */
const defaultLookEveryMs = 15_000;

/** A call to a server that may just be restarting. */
const callDeadlineMs = 10_000;

interface WatchOptions {
  client: Client;
  namespace: string;
  taskQueue: string;
}

/** Starts the watch workflow of the namespace if none runs. Raises when Temporal does not answer. */
export async function ensureWatch({ client, namespace, taskQueue }: WatchOptions): Promise<void> {
  try {
    await client.withDeadline(Date.now() + callDeadlineMs, () =>
      client.workflow.start(workflowTypes.watch, {
        workflowId: watchWorkflowId(namespace),
        taskQueue,
        args: [{ namespace }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `Watches the pods of namespace ${namespace}`,
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/**
 * Does so again and again until the signal: a Temporal that has lost its data, or an operator who
 * terminated the workflow, would else leave the pods unwatched until a worker happens to start.
 */
export async function keepWatch(
  options: WatchOptions & {
    signal: AbortSignal;
    onError: (error: unknown) => void;
    /** 15 s unless given. */
    lookEveryMs?: number;
  },
): Promise<void> {
  const { signal, onError, lookEveryMs = defaultLookEveryMs } = options;
  // Ends by the signal, which also cuts a call short: a process that ends must not wait for it.
  for (;;) {
    try {
      await sleep(lookEveryMs, undefined, { signal });
      await look(options);
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
    }
  }
}

/**
 * One look, under a signal of its own: Temporal's client adds a listener to the signal of each call, which
 * holds the call, and never takes it off.
 */
async function look(options: WatchOptions & { signal: AbortSignal }): Promise<void> {
  const { client, signal } = options;
  const own = new AbortController();
  const cutShort = (): void => own.abort();
  signal.addEventListener('abort', cutShort);
  try {
    await client.withAbortSignal(own.signal, () => ensureWatch(options));
  } finally {
    signal.removeEventListener('abort', cutShort);
  }
}
