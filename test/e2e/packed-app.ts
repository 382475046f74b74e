/** The programs as an image has them: packed, unpacked, with production dependencies, owned by another user. */
import { chmod, chown, copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../dev/run-command.ts';

const root = join(import.meta.dirname, '../..');

/** A cold npm cache fetches 100 MB; a warm one takes 8 s. */
const installTimeoutMs = 300_000;

/** The user of the image. Tests that are not run by root stay who they are. */
const imageUser = 65_532;

/** Where the app is, and how Node is started on it. */
export interface PackedApp {
  folder: string;
  /** Arguments of Node that make it give up root before anything of the app runs. */
  dropRoot: string[];
  env: Record<string, string>;
}

/** Follows deploy/Dockerfile into a folder that does not exist yet. */
export async function packApp(folder: string): Promise<PackedApp> {
  await mkdir(folder, { mode: 0o755, recursive: true });
  const bin = join(root, 'node_modules/.bin');
  const path = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const run = (command: string, args: string[], cwd: string, env = {}): Promise<string> =>
    runCommand({ command, args, cwd, env: { ...path, ...env }, timeoutMs: installTimeoutMs });
  await run('npm', ['pack', '--silent', '--pack-destination', folder], root);
  const [archive = ''] = await readdir(folder);
  await run('tar', ['-xzf', archive, '--strip-components=1'], folder);
  await copyFile(join(root, 'package-lock.json'), join(folder, 'package-lock.json'));
  const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await run('npm', ['ci', ...flags], folder);
  const env = { XDG_CACHE_HOME: join(folder, '.cache'), NODE_ENV: 'production', HOME: folder };
  // Its worker threads import it as well, and may not do so.
  const script = `import { isMainThread } from 'node:worker_threads';
    if (isMainThread) {
      process.setgroups([]);
      process.setgid(${imageUser});
      process.setuid(${imageUser});
    }`;
  const isRoot = process.getuid?.() === 0;
  const dropRoot = isRoot ? ['--import', `data:text/javascript,${encodeURIComponent(script)}`] : [];
  await chmod(folder, 0o755);
  await mkdir(env.XDG_CACHE_HOME);
  if (isRoot) await chown(env.XDG_CACHE_HOME, imageUser, imageUser);
  await run(process.execPath, [...dropRoot, 'dist/workers/keep-bundle.js'], folder, env);
  await run('chmod', ['-R', 'a+rX,go-w', folder], folder);
  return { folder, dropRoot, env };
}
