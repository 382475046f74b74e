import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where installed tools and built binaries are kept: outside the work tree, so a clean clone reuses them. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pilotlight');
}
