/** What Temporal remembers of a pool, read from outside. */
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolWorkflowInput } from '../../src/workflows/messages.ts';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;

/** A pool continues as new every few thousand events; no test makes as many runs as this. */
const maxRuns = 200;

/** One call, while the machine is busy with a test. */
const callMs = 20_000;

/** The events of all runs of a pool, the first run first, and the input of the latest. */
export async function readPoolHistory(
  client: Client,
  pool: string,
): Promise<{ events: HistoryEvent[]; runs: number; input: PoolWorkflowInput }> {
  const workflowId = poolWorkflowId(pool);
  const events: HistoryEvent[] = [];
  let input: PoolWorkflowInput | null = null;
  let runId: string | undefined;
  for (let runs = 1; runs <= maxRuns; runs += 1) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const history = await client.withDeadline(Date.now() + callMs, () => handle.fetchHistory());
    const run = history.events ?? [];
    events.unshift(...run);
    const started = run[0]?.workflowExecutionStartedEventAttributes;
    const payload = started?.input?.payloads?.[0];
    if (!payload) throw new Error(`the history of ${workflowId} does not begin with its start`);
    input ??= defaultPayloadConverter.fromPayload<PoolWorkflowInput>(payload);
    runId = started.continuedExecutionRunId ?? '';
    if (runId === '') return { events, runs, input };
  }
  throw new Error(`${workflowId} has more than ${maxRuns} runs`);
}

/** What Temporal says of a pool now: its activities under way, and attempts of its workflow task. */
export async function describePool(
  client: Client,
  pool: string,
): Promise<{ activities: PendingActivity[]; workflowTaskAttempt: number }> {
  const { raw } = await client.withDeadline(Date.now() + callMs, () =>
    client.workflow.getHandle(poolWorkflowId(pool)).describe(),
  );
  return {
    activities: raw.pendingActivities ?? [],
    workflowTaskAttempt: raw.pendingWorkflowTask?.attempt ?? 0,
  };
}

/** The spawns under way. A spawn's activityId is the name of its pod, unless that pod is a second one. */
export async function pendingSpawns(client: Client, pool: string): Promise<PendingActivity[]> {
  const { activities } = await describePool(client, pool);
  return activities.filter(({ activityType }) => activityType?.name === 'spawnPod');
}

/** What Temporal's UI shows beside each activity and timer of a pool, by its type; null: nothing. */
export async function readSummaries(
  client: Client,
  pool: string,
): Promise<{ type: string; summary: string | null }[]> {
  const { events } = await readPoolHistory(client, pool);
  return events.flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (!scheduled && !event.timerStartedEventAttributes) return [];
    const payload = event.userMetadata?.summary;
    const summary = payload ? defaultPayloadConverter.fromPayload<string>(payload) : null;
    return [{ type: scheduled?.activityType?.name ?? 'timer', summary }];
  });
}

/** Milliseconds of a timestamp of Temporal's. */
export function toMs(
  time: { seconds?: unknown; nanos?: number | null } | null | undefined,
): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
