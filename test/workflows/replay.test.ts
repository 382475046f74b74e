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
  eventId: string;
  eventTime: string;
  activityTaskScheduledEventAttributes?: { activityId: string };
  workflowTaskCompletedEventAttributes?: object;
}

/**
 * A history whose run asked `patched` for rules in its first task. Events after the marker count on from
 * it, and so do those that name them.
 */
function underRules(recorded: { events: RecordedEvent[] }, rules: string): object {
  const first = recorded.events.findIndex((event) => event.workflowTaskCompletedEventAttributes);
  const task = recorded.events[first];
  assert.ok(task);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const payload = {
    metadata: { encoding: base64('json/plain') },
    data: base64(JSON.stringify({ id: rules, deprecated: false })),
  };
  const isLater = (id: unknown): boolean => Number(id) > Number(task.eventId);
  const { events } = JSON.parse(JSON.stringify(recorded), (key, value: unknown) =>
    /eventId$/i.test(key) && isLater(value) ? String(Number(value) + 1) : value,
  ) as { events: object[] };
  const marker = {
    eventId: String(Number(task.eventId) + 1),
    eventTime: task.eventTime,
    eventType: 'EVENT_TYPE_MARKER_RECORDED',
    markerRecordedEventAttributes: {
      markerName: 'core_patch',
      workflowTaskCompletedEventId: task.eventId,
      details: { 'patch-data': { payloads: [payload] } },
    },
  };
  return { ...recorded, events: events.toSpliced(first + 1, 0, marker) };
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

  // What an older worker does to a pool that a newer one has begun: docs/operations/upgrades.md.
  it('stop at rules that this release does not know, and name them', async () => {
    const file = files.find((name) => name.endsWith('fresh-fill.json')) ?? '';
    const recorded = JSON.parse(await readFile(join(histories, file), 'utf8')) as {
      events: RecordedEvent[];
    };
    await assert.rejects(
      Worker.runReplayHistory(
        options(),
        historyFromJSON(underRules(recorded, 'rules-99')),
        'pool-replayed',
      ),
      /TMPRL1100.*patch marker.*rules-99/s,
    );
  });
});
