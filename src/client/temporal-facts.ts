/** What a Temporal namespace tells about how well it serves the pools of a Kubernetes namespace. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { decodeMessage, messageOfFailure } from '../codec/decode-message.ts';
import { watchWorkflowId } from '../pool/names.ts';
import { searchAttributeTypes } from '../workflows/messages.ts';
import { withinDeadline } from './within-deadline.ts';

/** Five calls that a server answers in milliseconds each. */
const deadlineMs = 8_000;

/** What was found. Counts and ages; judging them is the reader's part. */
export interface TemporalFacts {
  serverVersion: string;
  /** Null: the server does not tell. */
  missingSearchAttributes: string[] | null;
  /** Age of the latest poll of the task queue, by workflow and activity tasks; null: nobody polled. */
  lastWorkflowPollMs: number | null;
  lastActivityPollMs: number | null;
  watcher: WatcherFacts;
}

/** The workflow that watches the namespace's pods, and its one activity. */
interface WatcherFacts {
  isRunning: boolean;
  /** Age of the activity's last heartbeat; null when it has not started or sent none. */
  lastHeartbeatMs: number | null;
  /** Why the last attempt ended; null when none did. */
  lastFailure: string | null;
}

/** Asks for all of it. Raises when the server does not answer within 8 s. */
export async function readTemporalFacts(options: {
  client: Client;
  taskQueue: string;
  kubernetesNamespace: string;
}): Promise<TemporalFacts> {
  const { client, taskQueue, kubernetesNamespace } = options;
  const { TaskQueueType } = proto.temporal.api.enums.v1;
  return withinDeadline(client, {
    deadlineMs,
    action: async () => {
      const [info, missingSearchAttributes, lastWorkflowPollMs, lastActivityPollMs, watcher] =
        await Promise.all([
          client.workflowService.getSystemInfo({}),
          missingAttributes(client),
          lastPollMs(client, taskQueue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
          lastPollMs(client, taskQueue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
          readWatcher(client, kubernetesNamespace),
        ]);
      const { serverVersion } = info;
      return {
        ...{ serverVersion, missingSearchAttributes, lastWorkflowPollMs, lastActivityPollMs },
        watcher,
      };
    },
  });
}

/** Servers that guard the operator's calls answer them with an error: then nothing is known. */
async function missingAttributes(client: Client): Promise<string[] | null> {
  try {
    const { namespace } = client.options;
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
      namespace,
    });
    return Object.keys(searchAttributeTypes).filter((name) => !(name in customAttributes));
  } catch {
    return null;
  }
}

async function lastPollMs(
  client: Client,
  name: string,
  taskQueueType: proto.temporal.api.enums.v1.TaskQueueType,
): Promise<number | null> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType,
  });
  const ages = pollers.map(({ lastAccessTime }) => ageOf(lastAccessTime));
  const known = ages.filter((age) => age !== null);
  return known.length === 0 ? null : Math.min(...known);
}

async function readWatcher(client: Client, namespace: string): Promise<WatcherFacts> {
  const none = { isRunning: false, lastHeartbeatMs: null, lastFailure: null };
  try {
    const { status, raw } = await client.workflow.getHandle(watchWorkflowId(namespace)).describe();
    const [activity] = raw.pendingActivities ?? [];
    const lastFailure = activity?.lastFailure;
    if (lastFailure) {
      await decodeMessage(lastFailure, client.options.loadedDataConverter.payloadCodecs);
    }
    return {
      isRunning: status.name === 'RUNNING',
      lastHeartbeatMs: ageOf(activity?.lastHeartbeatTime),
      lastFailure: lastFailure ? messageOfFailure(lastFailure) : null,
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return none;
    throw error;
  }
}

function ageOf(time: proto.google.protobuf.ITimestamp | null | undefined): number | null {
  if (time === null || time === undefined) return null;
  return Date.now() - (Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6);
}
