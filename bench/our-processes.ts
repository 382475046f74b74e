/** The worker and the API as processes of their own, as they run in production. */
import { join } from 'node:path';
import { freePort } from '../dev/free-port.ts';
import { ManagedProcess } from '../dev/managed-process.ts';
import type { Programs } from './build-programs.ts';
import { imageEnvironment } from './image-environment.ts';

/** A worker starts in 1 s on an idle core; a benchmark's machine may be busy with others. */
const readyTimeoutMs = 90_000;

interface ProcessSettings {
  programs: Programs;
  /** Where its log goes. */
  folder: string;
  env: Record<string, string>;
  /** Where it writes a CPU profile at its end; null for none. */
  profileFolder: string | null;
}

/** A process of ours and where it serves its health and its metrics. */
export interface OurProcess {
  name: string;
  url: string;
  process: ManagedProcess;
}

/** A worker, not started yet. */
export async function createWorker(settings: ProcessSettings): Promise<OurProcess> {
  const name = 'worker';
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...settings.env, PILOTLIGHT_HEALTH_PORT: String(port) };
  return { name, url, process: create({ ...settings, name, main: 'workers', env, url }) };
}

/** A replica of the API, not started yet, and where it will answer. */
export async function createApi(settings: ProcessSettings & { name: string }): Promise<OurProcess> {
  const { name } = settings;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...settings.env, PILOTLIGHT_API_PORT: String(port) };
  return { name, url, process: create({ ...settings, main: 'api', env, url }) };
}

function create(
  options: ProcessSettings & { name: string; main: 'workers' | 'api'; url: string },
): ManagedProcess {
  const { programs, folder, env, profileFolder, name, main, url } = options;
  const profile = profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  return new ManagedProcess({
    name,
    command: process.execPath,
    args: [...profile, join(programs.folder, main, 'main.js')],
    env: { ...imageEnvironment, ...programs.env, ...env, PILOTLIGHT_LOG_LEVEL: 'warn' },
    logFile: join(folder, 'log', `${name}.log`),
    restart: false,
    readyTimeoutMs,
    isReady: async () => {
      const signal = AbortSignal.timeout(2_000);
      return (await fetch(`${url}/readyz`, { signal })).ok;
    },
  });
}
