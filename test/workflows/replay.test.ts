import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, type ReplayWorkerOptions, type WorkflowBundle } from '@temporalio/worker';
import { bundleOf, quietReplays } from '../../src/workers/replay-histories.ts';
import { workflowCode } from '../../src/workers/workflow-code.ts';

const histories = join(import.meta.dirname, 'histories');
const files = (await readdir(histories, { recursive: true })).filter((name) =>
  name.endsWith('.json'),
);

interface RecordedEvent {
  activityTaskScheduledEventAttributes?: { activityId: string };
}

describe('recorded histories', function () {
  this.timeout(120_000);
  let workflowBundle: WorkflowBundle;

  const options = (): ReplayWorkerOptions => ({
    workflowBundle,
    dataConverter: { payloadConverterPath: workflowCode.payloadConverterPath },
  });

  before(async () => {
    quietReplays();
    workflowBundle = await bundleOf(workflowCode.workflowsPath);
  });

  it('exist', () => assert.ok(files.length >= 6, `${files.length} histories`));

  for (const file of files) {
    it(`replays ${file}`, async () => {
      const recorded: unknown = JSON.parse(await readFile(join(histories, file), 'utf8'));
      await Worker.runReplayHistory(options(), historyFromJSON(recorded), 'pool-replayed');
    });
  }

  it('replay notices a spawn of another pod, and names it', async () => {
    const file = files.find((name) => name.endsWith('fresh-fill.json')) ?? '';
    const recorded = JSON.parse(await readFile(join(histories, file), 'utf8')) as {
      events: RecordedEvent[];
    };
    const spawn = recorded.events
      .map((event) => event.activityTaskScheduledEventAttributes)
      .find((attributes) => attributes?.activityId.endsWith('-0'));
    assert.ok(spawn);
    spawn.activityId = 'fresh-other';
    await assert.rejects(
      Worker.runReplayHistory(options(), historyFromJSON(recorded), 'pool-replayed'),
      /fresh-other/,
    );
  });
});
