/** The programs of an environment, as processes of their own. */
import { join } from 'node:path';
import type { Cluster } from '../../dev/clusters/cluster.ts';
import { freePort } from '../../dev/free-port.ts';
import { ManagedProcess } from '../../dev/managed-process.ts';
import type { TemporalServer } from '../../dev/temporal-server.ts';
import { PilotlightClient } from '../../src/client/pilotlight-client.ts';

const ownSources = join(import.meta.dirname, '../../src');

/** A worker bundles the workflows at its start: 5 s on two idle cores, far more on busy ones. */
const programReadyTimeoutMs = 90_000;

/** One API process. */
export interface ApiReplica {
  process: ManagedProcess;
  url: string;
  client: PilotlightClient;
}

/**
 * Starts a worker; against the cluster of another kubeconfig, serving /metrics at a port, from the
 * sources of another release (a folder like `src`), or with other settings if given.
 */
export type StartWorker = (
  name: string,
  options?: {
    kubeconfigPath?: string;
    healthPort?: number;
    sources?: string;
    env?: Record<string, string>;
  },
) => Promise<ManagedProcess>;

/** Starts an API replica, against the cluster of another kubeconfig or with other settings if given. */
export type StartApi = (
  name: string,
  options?: { kubeconfigPath?: string; env?: Record<string, string> },
) => Promise<ApiReplica>;

/** What both are started on. */
export interface Parts {
  cluster: Cluster;
  temporal: TemporalServer;
  folder: string;
  /** Environment variables of both. */
  settings: Record<string, string>;
  /** Undone in reverse when the environment stops. */
  started: (() => Promise<void>)[];
}

/** What starts replicas of the API. */
export function apiStarter(parts: Parts): StartApi {
  return async (name, { kubeconfigPath, env = {} } = {}) => {
    const port = await freePort();
    const portSetting = { PILOTLIGHT_API_PORT: String(port) };
    const main = join(ownSources, 'api/main.ts');
    const options = { name, main, port, kubeconfigPath, env: { ...portSetting, ...env } };
    const { process, url } = await startProgram(parts, options);
    return { process, url, client: new PilotlightClient({ url }) };
  };
}

/** What starts workers. */
export function workerStarter(parts: Parts): StartWorker {
  return async (name, { kubeconfigPath, healthPort, sources = ownSources, env = {} } = {}) => {
    const port = healthPort ?? (await freePort());
    const portSetting = { PILOTLIGHT_HEALTH_PORT: String(port) };
    const main = join(sources, 'workers/main.ts');
    const options = { name, main, port, kubeconfigPath, env: { ...portSetting, ...env } };
    return (await startProgram(parts, options)).process;
  };
}

/** Starts a program that says at a port of loopback when it is ready; the environment stops it. */
async function startProgram(
  { cluster, temporal, folder, started, settings }: Parts,
  program: {
    name: string;
    main: string;
    port: number;
    kubeconfigPath: string | undefined;
    env: Record<string, string>;
  },
): Promise<{ process: ManagedProcess; url: string }> {
  const { name, main, port, kubeconfigPath = cluster.kubeconfigPath, env } = program;
  const url = `http://127.0.0.1:${port}`;
  const process = new ManagedProcess({
    name,
    command: globalThis.process.execPath,
    args: [main],
    env: {
      TEMPORAL_ADDRESS: temporal.address,
      KUBECONFIG: kubeconfigPath,
      ...settings,
      ...env,
    },
    logFile: join(folder, 'log', `${name}.log`),
    restart: false,
    readyTimeoutMs: programReadyTimeoutMs,
    isReady: async () => (await fetch(`${url}/readyz`)).ok,
  });
  started.push(() => process.stop());
  await process.start();
  return { process, url };
}
