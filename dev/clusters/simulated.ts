import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { ManagedProcess } from '../managed-process.ts';
import { rememberedPorts } from '../remembered-ports.ts';
import type { Cluster, ClusterOptions } from './cluster.ts';
import { rememberedCredentials, type SimulatedCredentials } from './simulated-credentials.ts';

/** From a lost kubelet to its node being Unknown; as on the real control plane. */
const defaultNodeGraceSeconds = 50;

/** The simulated cluster answers within a second; a loaded machine may need some more. */
const readyTimeoutMs = 20_000;

/**
 * Starts the simulated cluster as a process of its own; a second start with the same folder goes on
 * with the same objects at the same address.
 *
 * @throws when it does not answer in 20 s; the message names its log
 */
export async function startSimulatedCluster({
  stateDir,
  nodeDelaySeconds,
  nodeLoss,
  signal,
}: ClusterOptions): Promise<Cluster> {
  await mkdir(stateDir, { recursive: true });
  const { api: port } = await rememberedPorts(stateDir, 'simulated', ['api']);
  const server = `https://127.0.0.1:${port}`;
  const credentialsPath = join(stateDir, 'simulated-credentials.json');
  const credentials = await rememberedCredentials(credentialsPath);
  const dispatcher = new Agent({ connect: { ca: credentials.certificate } });
  const kubeconfigPath = join(stateDir, 'kubeconfig');
  await writeFile(kubeconfigPath, kubeconfig(server, credentials), { mode: 0o600 });
  const apiServer = new ManagedProcess({
    name: 'simulated-cluster',
    command: process.execPath,
    args: [join(import.meta.dirname, '../simulated/main.ts')],
    env: {
      SIMULATED_PORT: String(port),
      SIMULATED_CREDENTIALS: credentialsPath,
      SIMULATED_JOURNAL: join(stateDir, 'simulated-objects.jsonl'),
      SIMULATED_NODE_DELAY_SECONDS: String(nodeDelaySeconds),
      SIMULATED_NODE_GRACE_SECONDS: String(nodeLoss?.gracePeriodSeconds ?? defaultNodeGraceSeconds),
    },
    logFile: join(stateDir, 'log', 'simulated-cluster.log'),
    restart: true,
    isReady: async () => {
      const answer = await request(`${server}/readyz`, { dispatcher, headersTimeout: 2_000 });
      await answer.body.dump();
      return answer.statusCode === 200;
    },
    readyTimeoutMs,
  });
  const stop = async (): Promise<void> => {
    await dispatcher.close();
    await apiServer.stop();
  };
  try {
    await apiServer.start(signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kind: 'simulated',
    kubeconfigPath,
    namespace: 'default',
    processes: [apiServer],
    apiServer,
    stop,
  };
}

function kubeconfig(server: string, { token, certificate }: SimulatedCredentials): string {
  const authority = Buffer.from(certificate).toString('base64');
  const cluster = { server, 'certificate-authority-data': authority };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'simulated', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [
      { name: 'simulated', context: { cluster: 'simulated', user: 'admin', namespace: 'default' } },
    ],
    'current-context': 'simulated',
  });
}
