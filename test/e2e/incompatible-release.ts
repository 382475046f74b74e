/** Sources of a release that must never be shipped: its workflow cannot go on with recorded histories. */
import { cp, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/**
 * Copies the sources into a folder of their own and lets every spawn have another id there, so that a
 * history with a spawn in it does not replay. Returns the folder, which the caller removes; its `src`
 * is what a worker is started from.
 */
export async function makeIncompatibleRelease(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-incompatible-'));
  await cp(join(root, 'src'), join(folder, 'src'), { recursive: true });
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'src/workflows/launch.ts');
  const code = await readFile(path, 'utf8');
  const changed = code.replace(
    'activityId: activityIdOf(podName),',
    'activityId: `other-${podName}`,',
  );
  if (changed === code) throw new Error(`${path} has no id of a spawn to change`);
  await writeFile(path, changed);
  return folder;
}
