import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../src/configuration/cache-folder.ts';
import { withLock } from '../file-lock.ts';
import type { Report } from '../report.ts';
import { firstExecutable } from './executables.ts';

/** 160 MB over a slow line, which another start may be fetching: 20 minutes. */
const lockTimeoutMs = 1_200_000;

/** What an installation is given. */
export interface Installing {
  report: Report;
  signal?: AbortSignal | undefined;
}

/** Where installed tools are kept, a folder for each. */
function toolFolder(name: string): string {
  return join(cacheFolder(process.env), 'tools', name);
}

/**
 * The path of an installed program: as it is in the cache, else after `install` has filled a folder,
 * which is renamed when it is whole, so that a killed installation leaves nothing that looks
 * installed. Two at once: the second waits for the first and uses what that one made.
 *
 * @throws what `install` raises, or when the folder does not hold the program afterwards
 */
export async function installOnce(
  options: Installing & { name: string; program: string },
  install: (folder: string) => Promise<void>,
): Promise<string> {
  const { name, program, report, signal } = options;
  const folder = toolFolder(name);
  const path = join(folder, 'bin', program);
  if ((await firstExecutable([path])) !== null) return path;
  const lock = {
    path: `${folder}.lock`,
    timeoutMs: lockTimeoutMs,
    onWait: () => report(`waiting for another start that installs ${name}`),
    ...(signal ? { signal } : {}),
  };
  return withLock(lock, async () => {
    if ((await firstExecutable([path])) !== null) return path;
    const half = `${folder}.half`;
    for (const left of [half, folder]) await rm(left, { recursive: true, force: true });
    await mkdir(half, { recursive: true });
    await install(half);
    if ((await firstExecutable([join(half, 'bin', program)])) === null) {
      throw new Error(`Expected ${name} to carry bin/${program}, got none`);
    }
    await rename(half, folder);
    return path;
  });
}
