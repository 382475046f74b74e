/** A whole Pilotlight on this machine: Temporal, a cluster, a worker, the API and example pools. */
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { Pools } from '../src/client/pools.ts';
import { defaultTaskQueue } from '../src/workflows/task-queue.ts';
import { createApi } from './api-process.ts';
import { applyExamples } from './apply-examples.ts';
import type { Cluster } from './clusters/cluster.ts';
import { useKubeconfig } from './clusters/kubeconfig.ts';
import { startCluster } from './clusters/start-cluster.ts';
import { connectToTemporal } from './connect-to-temporal.ts';
import { ManagedProcess } from './managed-process.ts';
import { registerSearchAttributes } from '../src/client/register-search-attributes.ts';
import type { Report } from './report.ts';
import { rememberedPorts } from './remembered-ports.ts';
import { logFolder, type EnvironmentStatus } from './state-folder.ts';
import { startTemporalServer, type TemporalServer } from './temporal-server.ts';

/** A worker bundles the workflows at its start: 5 s on two idle cores, more when they are shared. */
const workerReadyTimeoutMs = 90_000;

export interface EnvironmentOptions {
  stateDir: string;
  cluster: Cluster['kind'];
  /** The context of a kubeconfig cluster. */
  context: string | null;
  headless: boolean;
  nodeDelaySeconds: number;
  /** Told of each step before it starts. */
  onStep: (step: string) => void;
  /** Told what a long step is at. */
  report: Report;
  /** Ends the start: what runs by then is stopped. */
  signal: AbortSignal;
}

/** A running environment. */
export interface Environment {
  pools: Pools;
  /** Pools that were created from the examples by this start. */
  createdPools: string[];
  status(): EnvironmentStatus;
  /** Stops what was started, the last first: API, worker, cluster, Temporal. */
  stop(): Promise<void>;
}

/** The variables that make `temporal`, `kubectl`, the CLI and a worker speak to an environment. */
export function environmentVariables(
  status: Pick<EnvironmentStatus, 'temporal' | 'kubernetes' | 'api'>,
): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: status.temporal.address,
    TEMPORAL_NAMESPACE: status.temporal.namespace,
    KUBECONFIG: status.kubernetes.kubeconfig,
    PILOTLIGHT_NAMESPACE: status.kubernetes.namespace,
    ...(status.api.url === null ? {} : { PILOTLIGHT_API_URL: status.api.url }),
  };
}

/** Starts everything, or stops what it had started and raises. */
export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { stateDir, headless, onStep, report, signal } = options;
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    onStep('Starting Temporal');
    const temporalDir = join(stateDir, 'temporal');
    const temporal = await startTemporalServer({ stateDir: temporalDir, headless, report, signal });
    undo.push(() => temporal.process.stop());
    const { connection, close } = await connectToTemporal(temporal.address);
    undo.push(close);
    await registerSearchAttributes(connection, temporal.namespace);
    signal.throwIfAborted();

    onStep(`Starting the cluster (${options.cluster})`);
    const cluster = await openCluster(options);
    undo.push(() => cluster.stop());
    signal.throwIfAborted();

    const processes = [temporal.process, ...cluster.processes];
    let apiUrl: string | null = null;
    const status = (): EnvironmentStatus => describe({ temporal, cluster, processes, apiUrl });
    onStep('Starting the worker');
    const worker = await createWorker(stateDir, environmentVariables(status()));
    processes.push(worker);
    undo.push(() => worker.stop());
    await worker.start(signal);
    signal.throwIfAborted();

    onStep('Starting the API');
    const api = await createApi(stateDir, environmentVariables(status()));
    processes.push(api.process);
    undo.push(() => api.process.stop());
    await api.process.start(signal);
    apiUrl = api.url;
    signal.throwIfAborted();

    const client = new Client({
      connection,
      namespace: temporal.namespace,
      workflow: { queryRejectCondition: 'NOT_OPEN' },
    });
    const { address } = temporal;
    const pools = new Pools({ client, address, close }, defaultTaskQueue);
    let createdPools: string[] = [];
    // A cluster of the user's own has none of the nodes that the examples ask for.
    if (cluster.kind !== 'kubeconfig') {
      onStep('Applying the example pools');
      createdPools = await applyExamples({ pools, env: environmentVariables(status()) });
    }
    return { pools, createdPools, status, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function openCluster(options: EnvironmentOptions): Promise<Cluster> {
  const { cluster, context, nodeDelaySeconds, report, signal } = options;
  const stateDir = join(options.stateDir, 'cluster');
  if (cluster !== 'kubeconfig') {
    return startCluster(cluster, { stateDir, nodeDelaySeconds, report, signal });
  }
  if (context === null) {
    throw new Error('Expected `--context NAME` with `--cluster kubeconfig`, got none');
  }
  return useKubeconfig({ stateDir, context });
}

async function createWorker(
  stateDir: string,
  env: Record<string, string>,
): Promise<ManagedProcess> {
  const { health } = await rememberedPorts(stateDir, 'worker', ['health']);
  return new ManagedProcess({
    name: 'worker',
    command: process.execPath,
    args: [join(import.meta.dirname, '../src/workers/main.ts')],
    env: { ...env, PILOTLIGHT_HEALTH_PORT: String(health) },
    logFile: join(logFolder(stateDir), 'worker.log'),
    restart: true,
    readyTimeoutMs: workerReadyTimeoutMs,
    isReady: async () => {
      const signal = AbortSignal.timeout(2_000);
      return (await fetch(`http://127.0.0.1:${health}/readyz`, { signal })).ok;
    },
  });
}

function describe(parts: {
  temporal: TemporalServer;
  cluster: Cluster;
  processes: ManagedProcess[];
  apiUrl: string | null;
}): EnvironmentStatus {
  const { temporal, cluster, processes, apiUrl } = parts;
  return {
    temporal: { address: temporal.address, namespace: temporal.namespace, ui: temporal.uiUrl },
    kubernetes: {
      kind: cluster.kind,
      kubeconfig: cluster.kubeconfigPath,
      namespace: cluster.namespace,
    },
    api: { url: apiUrl },
    processes: processes.map(({ name, pid, restarts }) => ({ name, pid, restarts })),
  };
}
