/** One replica of the API as a process of its own, behind a proxy that breaks what it sends. */
import { join } from 'node:path';
import { freePort } from '../../dev/free-port.ts';
import { ManagedProcess } from '../../dev/managed-process.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';

export interface ApiReplica {
  url: string;
  process: ManagedProcess;
  proxy: FaultProxy;
  stop(): Promise<void>;
}

/** Starts a replica on a free port; it keeps the port when its process is killed and started again. */
export async function startApiReplica(options: {
  name: string;
  kubeconfigPath: string;
  temporalAddress: string;
  logFolder: string;
}): Promise<ApiReplica> {
  const { name, kubeconfigPath, temporalAddress, logFolder } = options;
  const proxy = await startFaultProxy(kubeconfigPath);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const api = new ManagedProcess({
    name,
    command: process.execPath,
    args: [join(import.meta.dirname, '../../src/api/main.ts')],
    env: {
      TEMPORAL_ADDRESS: temporalAddress,
      KUBECONFIG: proxy.kubeconfigPath,
      PILOTLIGHT_API_PORT: String(port),
      PILOTLIGHT_LOG_LEVEL: 'warn',
    },
    logFile: join(logFolder, `${name}.log`),
    restart: false,
    // A start takes 2 s on an idle machine, and far longer while everything else runs.
    readyTimeoutMs: 60_000,
    isReady: async () => (await fetch(`${url}/readyz`)).ok,
  });
  await api.start();
  return {
    url,
    process: api,
    proxy,
    async stop() {
      await api.stop();
      await proxy.stop();
    },
  };
}
