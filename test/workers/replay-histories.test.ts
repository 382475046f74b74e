/** The gate before a deploy lets this release pass, and stops one whose workflow does other things. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { formatReplays } from '../../src/cli/replay.ts';
import {
  bundleOf,
  quietReplays,
  replayHistories,
  type ReplayedRun,
  type RunHistory,
} from '../../src/workers/replay-histories.ts';

const root = join(import.meta.dirname, '../..');
const recorded = join(root, 'test/workflows/histories');

async function* histories(): AsyncGenerator<RunHistory> {
  const files = (await readdir(recorded, { recursive: true })).filter((name) =>
    name.endsWith('.json'),
  );
  for (const file of files.sort()) {
    const json: unknown = JSON.parse(await readFile(join(recorded, file), 'utf8'));
    yield { workflowId: `pool-${file}`, runId: file, history: historyFromJSON(json) };
  }
}

/** What a careless change of the workflow might be: a line of a source file, and what became of it. */
const careless = {
  'renames an activity': ['workflows/launch.ts', 'observePool\n', 'retirePod\n'],
  'renames an activityId': [
    'workflows/launch.ts',
    'activityId: activityIdOf(podName)',
    'activityId: `x-${podName}`',
  ],
  'adds a command': [
    'workflows/pool.ts',
    'handleMessages(() => state, change);\n',
    'handleMessages(() => state, change);\n  await wf.sleep(1);\n',
  ],
  'removes a command': [
    'workflows/pool.ts',
    'launcher.launch(action, state)',
    "action.kind === 'publish' || launcher.launch(action, state)",
  ],
  'reorders commands': ['workflows/pool.ts', 'of actions)', 'of actions.toReversed())'],
} as const;

describe('the replay of running histories', function () {
  this.timeout(120_000);
  let folder: string;

  before(async () => {
    quietReplays();
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-replay-'));
    // For the bundler to find its packages from there.
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Bundles the workflows with one line changed. */
  async function changed(change: keyof typeof careless) {
    const [file, line, instead] = careless[change];
    const copy = join(folder, change.replaceAll(' ', '-'));
    for (const part of ['workflows', 'pool']) {
      await cp(join(root, 'src', part), join(copy, part), { recursive: true });
    }
    await symlink(join(root, 'src/activities'), join(copy, 'activities'));
    const source = await readFile(join(copy, file), 'utf8');
    assert.ok(source.includes(line), `${file} has no line with ${line}`);
    await writeFile(join(copy, file), source.replace(line, instead));
    return bundleOf(join(copy, 'workflows/index.ts'));
  }

  const failed = (runs: ReplayedRun[]): ReplayedRun[] => runs.filter(({ fault }) => fault !== null);

  it('passes every history with the workflows as they are', async () => {
    const runs = await Array.fromAsync(replayHistories(histories()));
    assert.deepEqual(failed(runs), []);
    assert.ok(runs.length >= 6 && runs.every(({ events }) => events > 10));
    assert.match(formatReplays(runs), /^All \d+ running workflows \(\d+ events\) go on/);
  });

  for (const change of Object.keys(careless) as (keyof typeof careless)[]) {
    it(`stops a release that ${change}`, async () => {
      const runs = await Array.fromAsync(
        replayHistories(histories(), { workflowBundle: await changed(change) }),
      );
      const stopped = failed(runs);
      assert.ok(stopped.length > 0, `${runs.length} histories replayed`);
      assert.match(stopped[0]?.fault ?? '', /TMPRL1100|[Nn]ondeterminism/);
      assert.match(formatReplays(runs), /can't go on with this release\.$/);
    });
  }
});
