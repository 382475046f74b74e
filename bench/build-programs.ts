import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../dev/file-lock.ts';
import { runCommand } from '../dev/run-command.ts';

const root = join(import.meta.dirname, '..');

/** Under the repository, where what is built finds the packages; git does not see it. */
const keptFolder = join(root, '.cache/programs');

/** 5 s of CPU for the code and as much for each of four bundles of workflows, on a machine that is busy. */
const timeoutMs = 180_000;

/** Builds kept, at about 20 MB each: those of a few branches that are compared. */
const maxBuilds = 4;

/** All that the built code depends on, beside `src`. */
const settingFiles = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Our programs as an image has them. */
export interface Programs {
  /** Of the compiled code, like an image's `/app/dist`. */
  folder: string;
  /** What they run with beside, like an image's `ENV`. */
  env: Record<string, string>;
}

/**
 * Our programs, compiled, and with what an image keeps for their start. Users run these: from the sources
 * each process would load Node's compiler of TypeScript besides, 20 MB. Built once for the same sources.
 */
export async function buildPrograms(): Promise<Programs> {
  const folder = join(keptFolder, await hashOfSources());
  const lock = { path: `${keptFolder}.lock`, timeoutMs: 2 * timeoutMs };
  await withLock(lock, async () => {
    if ((await builtAtMs(folder)) === 0) await build(folder);
    // The newest: not swept away while it is used.
    await writeFile(markOf(folder), '');
    await sweep();
  });
  return programsIn(folder);
}

function programsIn(folder: string): Programs {
  return {
    folder: join(folder, 'dist'),
    env: { NODE_ENV: 'production', XDG_CACHE_HOME: join(folder, 'cache') },
  };
}

async function build(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const { folder: dist, env } = programsIn(folder);
  const node = { command: process.execPath, cwd: root, timeoutMs };
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  // Whether the types are right is another check's business, and would take twice as long.
  const settings = ['-p', 'tsconfig.build.json', '--noCheck', '--declaration', 'false'];
  await runCommand({ ...node, args: [compiler, ...settings, '--outDir', dist] });
  await runCommand({ ...node, args: [join(dist, 'workers/keep-bundle.js')], env });
}

async function hashOfSources(): Promise<string> {
  const source = join(root, 'src');
  const names = (await readdir(source, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const files = names.sort().map((name) => join(source, name));
  for (const name of settingFiles) files.push(join(root, name));
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

/** Written last: a build that was cut short lacks it. */
function markOf(folder: string): string {
  return join(folder, 'whole');
}

/** When it was last built or used; 0 for never. */
async function builtAtMs(folder: string): Promise<number> {
  return stat(markOf(folder)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** Deletes all but the last ones used. */
async function sweep(): Promise<void> {
  const folders = await Promise.all(
    (await readdir(keptFolder)).map(async (name) => {
      const folder = join(keptFolder, name);
      return { folder, usedAtMs: await builtAtMs(folder) };
    }),
  );
  const old = folders.sort((a, b) => b.usedAtMs - a.usedAtMs).slice(maxBuilds);
  for (const { folder } of old) await rm(folder, { recursive: true, force: true });
}
