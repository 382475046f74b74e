/** Compiled code that is kept between starts. */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';

/**
 * Has Node read the code that it compiles from now on from there, and write it there at its end. Node
 * tells its releases, and users, apart by itself; a folder that can't be written to is only read.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  enableCompileCache(join(cacheFolder(env), 'code'));
}

/** Writes what was compiled so far, so that a process that is killed does not take it with it. */
export function writeCompiledCode(): void {
  flushCompileCache();
}
