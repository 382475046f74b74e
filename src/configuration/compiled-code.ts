/** Compiled code that is kept between starts. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The user's cache folder, where everything of ours is kept that can be made again. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pilotlight');
}

/**
 * Has Node read the code that it compiles from now on from there, and write it there at its end. Node
 * tells its releases, and users, apart by itself; a folder that can't be written to is only read.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  enableCompileCache(join(cacheFolder(env), 'code'));
}
