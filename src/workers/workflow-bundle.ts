/**
 * The workflows as one prebuilt script. Bundling takes 2 s of CPU, and 5 s and more on a busy machine:
 * the largest part of a worker's start. The bundle of the same sources is the same, so it is kept
 * under a hash of all that goes into it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';
import { cacheFolder } from '../configuration/cache-folder.ts';
import type { HeartbeatProfile } from './configuration.ts';
import { slimBundle } from './slim-bundle.ts';
import {
  bundledSyntax,
  failureConverter,
  interceptorModules,
  workflowCode,
} from './workflow-code.ts';

/** Everything that workflows import of ours lies in these folders; dependency-cruiser sees to it. */
const sourceFolders = ['workflows', 'pool'];

/** The last line of a whole bundle: a file that a power cut left short or empty lacks it. */
const lastLine = '\n// whole\n';

/** Bundles kept: the current one and those of a few releases beside it, at about 4 MB each. */
const maxBundles = 5;

/**
 * A bundle to create a worker with: the kept one, else a new one, which is then kept. A folder that
 * can't be written to is no reason not to start: `onTrouble` hears of it.
 */
export async function openWorkflowBundle(options: {
  /** Like `~/.cache/pilotlight/workflows`. */
  folder: string;
  heartbeats: HeartbeatProfile;
  /** Whether the messages of failures are encrypted; not unless given. */
  hidesFailures?: boolean;
  onTrouble: (error: unknown) => void;
}): Promise<WorkflowBundle> {
  const { folder, heartbeats, hidesFailures = false, onTrouble } = options;
  const workflowInterceptorModules = interceptorModules(heartbeats);
  const modules = workflowInterceptorModules.map((module) => basename(module));
  const path = join(folder, `${await hashOfSources(`${modules.join()} ${hidesFailures}`)}.js`);
  // Read here and not by its path: another process may sweep it away at any time.
  const kept = await readFile(path, 'utf8').catch(() => '');
  // Without that line: the source map before it is read up to the very end of the code.
  if (kept.endsWith(lastLine)) return { code: kept.slice(0, -lastLine.length) };
  const bundle = await bundleWorkflowCode({
    ...workflowCode,
    ...failureConverter(hidesFailures),
    workflowInterceptorModules,
    logger: new DefaultLogger('WARN'),
  });
  const code = slimBundle(bundle.code);
  try {
    await keep(path, code + lastLine);
    await sweep(folder);
  } catch (error) {
    onTrouble(error);
  }
  return { code };
}

/** Where bundles are kept unless told otherwise: nobody else can write there. */
export function defaultBundleFolder(env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), 'workflows');
}

async function hashOfSources(settings: string): Promise<string> {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as {
    version: string;
  };
  hash.update(
    `${version} ${process.version} ${bundledSyntax} slim lines short-stacks ${settings}\0`,
  );
  for (const folder of sourceFolders) {
    const path = join(import.meta.dirname, '..', folder);
    const names = await readdir(path, { recursive: true });
    for (const name of names.sort()) {
      if (!/\.[jt]s$/.test(name)) continue;
      hash.update(`${folder}/${name}\0`).update(await readFile(join(path, name)));
    }
  }
  return hash.digest('hex').slice(0, 32);
}

/** Readers see all of it or none, whoever else writes it at the same time. */
async function keep(path: string, code: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const half = `${path}.${randomBytes(6).toString('hex')}.half`;
  await writeFile(half, code, { mode: 0o600 });
  await rename(half, path);
}

/** Deletes all but the newest. */
async function sweep(folder: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      // One that another process has swept away meanwhile counts as the oldest.
      const writtenAtMs = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return { path, writtenAtMs };
    }),
  );
  const old = files.sort((a, b) => b.writtenAtMs - a.writtenAtMs).slice(maxBundles);
  for (const { path } of old) await rm(path, { force: true });
}
