import { homedir } from 'node:os';
import { join } from 'node:path';

/** The user's cache folder, where everything of ours is kept that can be made again. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pilotlight');
}
