import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { defaultPayloadConverter } from '@temporalio/common';
import { formatDuration, PoolStory, type StoryLine } from '../../src/client/pool-story.ts';

const folder = new URL('../workflows/histories/0.1.0/', import.meta.url);

async function storyOf(name: string): Promise<StoryLine[]> {
  const history = historyFromJSON(JSON.parse(await readFile(new URL(name, folder), 'utf8')));
  const story = new PoolStory();
  for (const event of history.events ?? []) story.take(event);
  return story.lines;
}

function payload(value: unknown) {
  return { payloads: [defaultPayloadConverter.toPayload(value)] };
}

describe('the story of a pool', () => {
  it('tells who created it, and of each pod how long it took', async () => {
    const lines = await storyOf('fresh-fill.json');
    assert.match(lines[0]?.text ?? '', /^created: target \d+, template /);
    assert.ok(lines[0]?.who);
    const spawned = lines.filter(({ text }) => text.startsWith('spawn started'));
    const ready = lines.filter(({ text }) => text.startsWith('Ready after'));
    assert.ok(spawned.length > 0);
    assert.equal(new Set(spawned.map(({ pod }) => pod)).size, spawned.length);
    assert.deepEqual(new Set(ready.map(({ pod }) => pod)), new Set(spawned.map(({ pod }) => pod)));
  });

  it('tells why a spawn failed', async () => {
    const lines = await storyOf('failed-spawn.json');
    assert.ok(lines.some(({ text }) => /^spawn failed after .*: ImagePullBackOff: /.test(text)));
  });

  it('tells what was asked for, and by whom', async () => {
    const lines = await storyOf('signals-and-resize.json');
    const asked = lines.filter(({ pod, who }) => pod === null && who !== null);
    assert.ok(asked.some(({ text }) => text.startsWith('setTarget ')));
    assert.ok(asked.some(({ text }) => text.startsWith('resize ')));
    assert.ok(asked.every(({ text }) => !text.startsWith('podsChanged')));
  });

  it('tells who set a target by their own word, beside the sender that Temporal knows', () => {
    const story = new PoolStory();
    const tell = (given: unknown, identity: string | null): void => {
      const signal = { signalName: 'setTarget', input: payload(given), identity };
      story.take({ workflowExecutionSignaledEventAttributes: signal });
    };
    tell({ target: 4, by: 'ann@laptop' }, 'ann@laptop (pilotlight)');
    tell({ target: 5, by: 'ci (API)' }, 'node@api-0 (api)');
    tell({ target: 6, by: 'a\u001b[31m' }, null);
    tell({ target: 7, by: 'ann', more: 1 }, 'x');
    tell(8, 'temporal-cli:ann@laptop');
    assert.deepEqual(
      story.lines.map(({ text, who }) => [text, who]),
      [
        ['setTarget 4', 'ann@laptop (pilotlight)'],
        ['setTarget 5', 'ci (API), sent by node@api-0 (api)'],
        ['setTarget 6', 'a [31m'],
        ['setTarget {"target":7,"by":"ann","more":1}', 'ann, sent by x'],
        ['setTarget 8', 'temporal-cli:ann@laptop'],
      ],
    );
  });

  it('reads every recorded history without a fault', async () => {
    for (const name of await readdir(folder)) assert.ok((await storyOf(name)).length > 0, name);
  });

  it('tells a claim with its release, and what somebody else took away', () => {
    const story = new PoolStory();
    const pod = {
      name: 'p-0',
      ready: true,
      claimed: false,
      createdAtMs: 0,
      readyChangedAtMs: 5_000,
    };
    const tell = (seconds: number, message: unknown): void =>
      story.take({
        eventTime: { seconds: seconds as never, nanos: 0 },
        workflowExecutionSignaledEventAttributes: {
          signalName: 'podsChanged',
          input: payload(message),
        },
      });
    tell(6, { pods: [pod, { ...pod, name: 'p-1' }], gone: [] });
    tell(66, { pods: [{ ...pod, claimed: true }], gone: [] });
    tell(126, { pods: [], gone: [{ name: 'p-0' }, { name: 'p-1' }] });
    assert.deepEqual(
      story.lines.map(({ text }) => text),
      [
        'Ready after 5s',
        'Ready after 5s',
        'claimed, warm for 1m01s',
        'released after 1m00s',
        'gone, not by the pool',
      ],
    );
  });

  // `pilotlight claim POOL --exec` of a short command left "gone, not by the pool" behind: its pod was
  // claimed and released between two messages of the watcher.
  it('tells of a claim that came and went between two messages', () => {
    const story = new PoolStory();
    const message = { pods: [{ name: 'p-0', ready: true, claimed: false }], gone: [] };
    for (const carried of [message, { pods: [], gone: [{ name: 'p-0', claimed: true }] }]) {
      story.take({
        eventTime: { seconds: 6 as never, nanos: 0 },
        workflowExecutionSignaledEventAttributes: {
          signalName: 'podsChanged',
          input: payload(carried),
        },
      });
    }
    assert.equal(story.lines.at(-1)?.text, 'claimed and released');
  });

  it('passes over what it can not read', () => {
    const story = new PoolStory();
    const wrong = { payloads: [{ metadata: {}, data: new Uint8Array([1]) }] };
    story.take({ workflowExecutionSignaledEventAttributes: { signalName: 'pause', input: wrong } });
    story.take({ activityTaskCompletedEventAttributes: { result: wrong } });
    story.take({});
    assert.deepEqual(
      story.lines.map(({ text }) => text),
      ['pause'],
    );
  });
});

describe('formatDuration', () => {
  it('shows two units at most', () => {
    assert.deepEqual([-5, 850, 59_000, 200_000, 7_500_000].map(formatDuration), [
      ...['0s', '1s', '59s', '3m20s', '2h05m'],
    ]);
  });
});
