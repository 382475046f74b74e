import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HeartbeatProfile } from '../../src/workers/configuration.ts';
import { defaultBundleFolder, openWorkflowBundle } from '../../src/workers/workflow-bundle.ts';

describe('the kept bundle of the workflows', function () {
  this.timeout(120_000);
  let folder: string;
  const troubles: unknown[] = [];
  const open = (where = folder, heartbeats: HeartbeatProfile = 'default') =>
    openWorkflowBundle({ folder: where, heartbeats, onTrouble: (error) => troubles.push(error) });

  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'pilotlight-bundle-')), 'workflows');
  });
  after(() => rm(join(folder, '..'), { recursive: true, force: true }));

  // A worker takes the source map from the bundle's last comma to its end. With a line after it, a
  // third of all sources gave a map that did not parse, at the second start only.
  it('is built once for the same sources, and is then the same to the last byte', async () => {
    const built = await open();
    assert.match(built.code, /poolWorkflow/);
    const startedMs = performance.now();
    const kept = await open();
    assert.ok(performance.now() - startedMs < 500, 'it was built again');
    assert.equal(kept.code === built.code, true);
    assert.equal((await readdir(folder)).length, 1);
  });

  it('is another one, with slow heartbeats, for a Temporal that bills them', async () => {
    const { code } = await open(join(folder, '..', 'cloud'), 'cloud');
    assert.match(code, /slow-heartbeats/);
    assert.doesNotMatch((await open()).code, /slow-heartbeats/);
  });

  it('is another one where the messages of failures are encrypted', async () => {
    const hiding = { folder: join(folder, '..', 'hiding'), hidesFailures: true };
    const { code } = await openWorkflowBundle({
      ...{ ...hiding, heartbeats: 'default', onTrouble: (error) => troubles.push(error) },
    });
    assert.match(code, /failure-converter\.ts/);
    assert.doesNotMatch((await open()).code, /workflows\/failure-converter\.ts/);
  });

  it('is built again when a power cut has left it short', async () => {
    const [name = ''] = await readdir(folder);
    const whole = await readFile(join(folder, name), 'utf8');
    await truncate(join(folder, name), 1_000);
    await open();
    assert.equal(await readFile(join(folder, name), 'utf8'), whole);
  });

  it('pushes out the oldest of many, so that the folder does not grow with every release', async () => {
    for (let index = 0; index < 9; index += 1) await writeFile(join(folder, `${index}.js`), '');
    const [name = ''] = (await readdir(folder)).filter((file) => file.length > 10);
    await rm(join(folder, name));
    await open();
    const left = await readdir(folder);
    assert.equal(left.length, 5);
    assert.ok(left.includes(name));
  });

  it('is used all the same where it cannot be kept, and the reason is told', async () => {
    const file = join(folder, '..', 'no-folder');
    await mkdir(join(folder, '..'), { recursive: true });
    await writeFile(file, '');
    const { code } = await open(join(file, 'workflows'));
    assert.match(code, /poolWorkflow/);
    assert.match(String(troubles.at(-1)), /ENOTDIR|EEXIST/);
  });

  it("lies in the user's cache", () => {
    const folder = defaultBundleFolder({ XDG_CACHE_HOME: '/var/cache/me' });
    assert.equal(folder, '/var/cache/me/pilotlight/workflows');
  });
});
