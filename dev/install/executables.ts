import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The first of the paths that can be run; null when none can. */
export async function firstExecutable(paths: string[]): Promise<string | null> {
  for (const path of paths) {
    try {
      await access(path, constants.X_OK);
      // A folder can be "executed" too.
      if ((await stat(path)).isFile()) return path;
    } catch {
      // Not there: the next place.
    }
  }
  return null;
}

/** Where the program may be on PATH, in the order of PATH. */
export function placesOnPath(program: string): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program));
}
