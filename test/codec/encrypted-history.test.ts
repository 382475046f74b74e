/** A recorded run as it would have been with encryption on: replayed, and told, as ever. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PayloadCodec } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import { PoolStory } from '../../src/client/pool-story.ts';
import { decodeMessage } from '../../src/codec/decode-message.ts';
import { EncryptionCodec } from '../../src/codec/encryption-codec.ts';
import {
  bundleOf,
  quietReplays,
  replayHistories,
  type ReplayedRun,
} from '../../src/workers/replay-histories.ts';
import { failureConverter } from '../../src/workflows/failure-converter.ts';
import { payloadConverter } from '../../src/workflows/payload-converter.ts';
import { workflowCode } from '../../src/workers/workflow-code.ts';
import { keyringOf } from './keyring-of.ts';

type History = temporal.api.history.v1.IHistory;

const recorded = join(import.meta.dirname, '../workflows/histories/0.1.0');

async function readHistory(): Promise<History> {
  const text = await readFile(join(recorded, 'failed-spawn.json'), 'utf8');
  return historyFromJSON(JSON.parse(text));
}

/** The recorded run with each payload, and what each failure says, encrypted. */
async function encryptedBy(codec: EncryptionCodec): Promise<History> {
  const history = await readHistory();
  const reversed: PayloadCodec = {
    decode: (payloads) => codec.encode(payloads),
    encode: (payloads) => codec.decode(payloads),
  };
  for (const { activityTaskFailedEventAttributes } of history.events ?? []) {
    const failure = activityTaskFailedEventAttributes?.failure;
    if (failure) Object.assign(failure, hidden(failure.message ?? ''));
  }
  await decodeMessage(history, [reversed]);
  return history;
}

/** A failure as the converter of failures writes it. */
function hidden(message: string): object {
  const { message: shown, encodedAttributes } = failureConverter.errorToFailure(
    new Error(message),
    payloadConverter,
  );
  return { message: shown, encodedAttributes };
}

function storyOf({ events }: History): string[] {
  const story = new PoolStory();
  for (const event of events ?? []) story.take(event);
  return story.lines.map(({ pod, text }) => `${pod ?? ''} ${text}`);
}

describe('an encrypted history', function () {
  this.timeout(60_000);
  const codec = new EncryptionCodec(keyringOf('k'));
  let workflowBundle: Awaited<ReturnType<typeof bundleOf>>;

  before(async () => {
    quietReplays();
    workflowBundle = await bundleOf(workflowCode.workflowsPath);
  });

  async function replay(
    history: Promise<History>,
    codecs: EncryptionCodec[],
  ): Promise<ReplayedRun> {
    const runs = replayHistories(
      (async function* () {
        yield { workflowId: 'pool-p', runId: 'r', history: await history };
      })(),
      { workflowBundle, codecs },
    );
    const [replayed] = await Array.fromAsync(runs);
    assert.ok(replayed);
    return replayed;
  }

  it('replays with its key, like the plain one', async () => {
    assert.equal((await replay(readHistory(), [])).fault, null);
    assert.equal((await replay(readHistory(), [codec])).fault, null);
    assert.equal((await replay(encryptedBy(codec), [codec])).fault, null);
  });

  it('fails the task without a key or with another one, and never ends the pool', async () => {
    const { fault } = await replay(encryptedBy(codec), []);
    assert.match(fault ?? '', /task failure.*encrypted with the key/s);
    const other = new EncryptionCodec(keyringOf('other'));
    const { fault: why } = await replay(encryptedBy(codec), [other]);
    assert.match(why ?? '', /task failure.*key k \(fingerprint/s);
  });

  it('tells the same story, and without its key none of what happened', async () => {
    const plain = storyOf(await readHistory());
    const history = await encryptedBy(codec);
    assert.doesNotMatch(storyOf(history).join('\n'), /ImagePull|spawn|e2e/);
    await decodeMessage(history, [codec]);
    assert.deepEqual(storyOf(history), plain);
    assert.match(plain.join('\n'), /spawn failed after 4s: ImagePullBackOff: not Ready after 5 s/);
  });
});
