/** Sees to it that a namespace's pods are watched. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { watchWorkflowId } from '../pool/names.ts';
import { workflowTypes } from '../workflows/messages.ts';

/**
 * Pause between looks: without a watch a pool learns of a lost pod by its next list, up to an hour
 * late, and a look costs one call.
 */
const lookEveryMs = 15_000;

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
  options: WatchOptions & { signal: AbortSignal; onError: (error: unknown) => void },
): Promise<void> {
  const { client, signal, onError } = options;
  // Ends by the signal, which also cuts a call short: a process that ends must not wait for it.
  for (;;) {
    try {
      await sleep(lookEveryMs, undefined, { signal });
      await client.withAbortSignal(signal, () => ensureWatch(options));
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
    }
  }
}
