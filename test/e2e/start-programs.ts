/** The programs of an environment, as processes of their own. */
import { join } from 'node:path';
import type { Cluster } from '../../dev/clusters/cluster.ts';
import { freePort } from '../../dev/free-port.ts';
import { ManagedProcess } from '../../dev/managed-process.ts';
import type { TemporalServer } from '../../dev/temporal-server.ts';
import { PilotlightClient } from '../../src/client/pilotlight-client.ts';

const ownSources = join(import.meta.dirname, '../../src');

/** A worker bundles the workflows at its start: 5 s on two idle cores, far more on busy ones. */
const workerReadyTimeoutMs = 90_000;

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
  const { cluster, temporal, folder, started, settings } = parts;
  return async (name, { kubeconfigPath = cluster.kubeconfigPath, env = {} } = {}) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const api = new ManagedProcess({
      name,
      command: process.execPath,
      args: [join(ownSources, 'api/main.ts')],
      env: {
        TEMPORAL_ADDRESS: temporal.address,
        KUBECONFIG: kubeconfigPath,
        PILOTLIGHT_API_PORT: String(port),
        ...settings,
        ...env,
      },
      logFile: join(folder, 'log', `${name}.log`),
      restart: false,
      readyTimeoutMs: workerReadyTimeoutMs,
      isReady: async () => (await fetch(`${url}/readyz`)).ok,
    });
    started.push(() => api.stop());
    await api.start();
    return { process: api, url, client: new PilotlightClient({ url }) };
  };
}

/** What starts workers. */
export function workerStarter(parts: Parts): StartWorker {
  const { cluster, temporal, folder, started, settings } = parts;
  return async (name, options = {}) => {
    const { kubeconfigPath = cluster.kubeconfigPath, sources = ownSources, env = {} } = options;
    const port = options.healthPort ?? (await freePort());
    const worker = new ManagedProcess({
      name,
      command: process.execPath,
      args: [join(sources, 'workers/main.ts')],
      env: {
        TEMPORAL_ADDRESS: temporal.address,
        KUBECONFIG: kubeconfigPath,
        PILOTLIGHT_HEALTH_PORT: String(port),
        ...settings,
        ...env,
      },
      logFile: join(folder, 'log', `${name}.log`),
      restart: false,
      readyTimeoutMs: workerReadyTimeoutMs,
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
    });
    started.push(() => worker.stop());
    await worker.start();
    return worker;
  };
}
