/** The HTTP API as one more process of the environment, at the same address after each start. */
import { join } from 'node:path';
import { ManagedProcess } from './managed-process.ts';
import { rememberedPorts } from './remembered-ports.ts';
import { logFolder } from './state-folder.ts';

/** Describes the process; it is not started yet. Loopback only, so it asks for no token. */
export async function createApi(
  stateDir: string,
  env: Record<string, string>,
): Promise<{ process: ManagedProcess; url: string }> {
  const { http } = await rememberedPorts(stateDir, 'api', ['http']);
  const url = `http://127.0.0.1:${http}`;
  return {
    url,
    process: new ManagedProcess({
      name: 'api',
      command: process.execPath,
      args: [join(import.meta.dirname, '../src/api/main.ts')],
      env: { ...env, PILOTLIGHT_API_HOST: '127.0.0.1', PILOTLIGHT_API_PORT: String(http) },
      logFile: join(logFolder(stateDir), 'api.log'),
      restart: true,
      isReady: async () => {
        const signal = AbortSignal.timeout(2_000);
        return (await fetch(`${url}/readyz`, { signal })).ok;
      },
    }),
  };
}
