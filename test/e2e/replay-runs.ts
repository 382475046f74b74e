/** Hands what a test has recorded to the replayer (P12). */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Client } from '@temporalio/client';
import type { WorkflowBundle } from '@temporalio/worker';
import type { EncryptionCodec } from '../../src/codec/encryption-codec.ts';
import {
  bundleOf,
  quietReplays,
  replayHistories,
  type ReplayedRun,
  type RunHistory,
} from '../../src/workers/replay-histories.ts';
import { workflowCode } from '../../src/workers/workflow-code.ts';
import { workflowTypes } from '../../src/workflows/messages.ts';

/** Tests make tens of runs, and replaying one takes 10 ms for a small one to 3 s for 4,000 events. */
const maxRuns = 300;

const answerWithinMs = 60_000;

/** Bundling takes 2 s of CPU: once for all files that a process runs. */
let bundle: Promise<WorkflowBundle> | null = null;

/**
 * Replays every run that Temporal has, those that ended included, against the workflows as they are.
 * Raises with the runs that they can't go on with; resolves to how many there were.
 */
export async function replayRuns(client: Client, codecs: EncryptionCodec[]): Promise<number> {
  // Not earlier: the replayer's runtime ends with its last replay, and without one keeps the process.
  quietReplays();
  bundle ??= bundleOf(workflowCode.workflowsPath);
  const workflowBundle = await bundle;
  const runs = await Array.fromAsync(
    replayHistories(histories(client), { workflowBundle, codecs }),
  );
  const faults = runs.filter(({ fault }) => fault !== null);
  const kept = await Promise.all(faults.map((run) => keepHistory(client, run)));
  assert.deepEqual(faults, [], `what was recorded does not replay (P12): ${kept.join(', ')}`);
  return runs.length;
}

/** Writes a history that does not replay where its finder can read it; resolves to the file. */
async function keepHistory(client: Client, { workflowId, runId }: ReplayedRun): Promise<string> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const file = join(tmpdir(), `pilotlight-${workflowId}-${runId}.json`);
  await writeFile(file, historyToJSON(history));
  return file;
}

async function* histories(client: Client): AsyncGenerator<RunHistory> {
  const types = Object.values(workflowTypes).map((type) => `'${type}'`);
  const query = `WorkflowType IN (${types.join()})`;
  let count = 0;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    count += 1;
    assert.ok(count <= maxRuns, `more than ${maxRuns} runs`);
    const history = await client.withDeadline(Date.now() + answerWithinMs, () =>
      client.workflow.getHandle(workflowId, runId).fetchHistory(),
    );
    // Where no worker has ever been there is nothing to replay.
    if (history.events?.some((event) => event.workflowTaskCompletedEventAttributes)) {
      yield { workflowId, runId, history };
    }
  }
}
