/** Reads the runs of a pool from Temporal, across continue-as-new and earlier lives. */
import { decodeMessage } from '../codec/decode-message.ts';
import { poolWorkflowId } from '../pool/names.ts';
import type { TemporalConnection } from './connect-to-temporal.ts';
import { PoolError } from './pool-error.ts';
import { toPoolError } from './to-pool-error.ts';
import { PoolStory, type StoryLine } from './pool-story.ts';

/** Runs read at most, the latest of them: a busy pool has one every two minutes, so some hours. */
const maxRuns = 200;

/** Time for all of them: a person waits. */
const deadlineMs = 60_000;

/** What happened to a pool since an instant, oldest first. Raises `PoolError`. */
export async function readPoolStory(
  temporal: TemporalConnection,
  pool: string,
  sinceMs: number,
): Promise<StoryLine[]> {
  const { payloadCodecs } = temporal.client.options.loadedDataConverter;
  try {
    return await temporal.client.withDeadline(Date.now() + deadlineMs, async () => {
      const story = new PoolStory();
      for (const runId of await runsOf(temporal, pool)) {
        const handle = temporal.client.workflow.getHandle(poolWorkflowId(pool), runId);
        const { events } = await handle.fetchHistory();
        for (const event of events ?? []) {
          await decodeMessage(event, payloadCodecs);
          story.take(event);
        }
      }
      return story.lines.filter(({ atMs }) => atMs >= sinceMs);
    });
  } catch (error) {
    throw toPoolError(error, pool, temporal.address);
  }
}

/** Ids of the pool's runs that Temporal still has, oldest first. */
async function runsOf({ client, address }: TemporalConnection, pool: string): Promise<string[]> {
  const runs: { runId: string; startMs: number }[] = [];
  const query = `WorkflowId = '${poolWorkflowId(pool)}'`;
  for await (const { runId, startTime } of client.workflow.list({ query })) {
    runs.push({ runId, startMs: startTime.getTime() });
    if (runs.length >= maxRuns) break;
  }
  if (runs.length === 0) {
    throw new PoolError('notFound', `Temporal at ${address} remembers no pool ${pool}`);
  }
  return runs.sort((a, b) => a.startMs - b.startMs).map(({ runId }) => runId);
}
