/** Real servers and real processes of ours, as a benchmark needs them: started, measured, stopped. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { startCluster, type ClusterKind } from '../dev/clusters/start-cluster.ts';
import { ManagedProcess } from '../dev/managed-process.ts';
import { startTemporalServer } from '../dev/temporal-server.ts';
import { Pools } from '../src/client/pools.ts';
import { connectToCluster } from '../src/kubernetes/connection.ts';
import { storeTemplate } from '../src/kubernetes/templates.ts';
import { poolWorkflowId } from '../src/pool/names.ts';
import type { PoolSpec } from '../src/pool/pool-spec.ts';
import { defaultTaskQueue } from '../src/workflows/messages.ts';
import { BareCluster } from './bare-cluster.ts';
import type { TimedProcess } from './cpu-seconds.ts';

/** A worker bundles the workflows at its start: 5 s on two idle cores, more when they are shared. */
const workerReadyTimeoutMs = 90_000;

/** Nodes of exclusive pods; no benchmark waits for one. */
const nodeDelaySeconds = 150;

/** The Kubernetes namespace of a started cluster. */
export const namespace = 'default';

/** Everything that a benchmark drives and reads. */
export interface Stage {
  /** The benchmarks' own eyes and hands. */
  bare: BareCluster;
  client: Client;
  /** Temporal's own metrics. */
  metricsUrl: string;
  /** Every process whose CPU time counts, this one included. */
  processes(): TimedProcess[];
  /** Stores the template and starts the pool's workflow. */
  createPool(pool: string, sizes: PoolSizes): Promise<void>;
  /** Ends a pool's workflow and deletes its pods. */
  removePool(pool: string): Promise<void>;
  /** Stops everything; its files go too, unless it failed. */
  stop(outcome: 'done' | 'failed'): Promise<void>;
}

/** How many pods a pool may have. */
type PoolSizes = Pick<PoolSpec, 'warmTarget' | 'maxPods' | 'maxPending'>;

/** What the pods of all benchmarks are made from: small ones on the shared nodes, Ready at once. */
export const template: V1PodTemplateSpec = {
  metadata: { labels: { 'app.kubernetes.io/name': 'bench' } },
  spec: {
    nodeSelector: { 'pilotlight.example/nodes': 'shared' },
    containers: [
      {
        name: 'main',
        image: 'example/worker:1',
        resources: { requests: { cpu: '10m', memory: '16Mi' } },
      },
    ],
  },
};

/**
 * Starts Temporal, a cluster and a worker; raises when one of them does not start, with all stopped.
 * With `profileFolder` the worker writes a CPU profile there when it ends.
 */
export async function startStage(options: {
  cluster: ClusterKind;
  profileFolder: string | null;
  onStep: (step: string) => void;
}): Promise<Stage> {
  const { cluster: kind, onStep, profileFolder } = options;
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-bench-'));
  const undo: (() => Promise<unknown>)[] = [];
  const stop: Stage['stop'] = async (outcome) => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
    if (outcome === 'done') await rm(folder, { recursive: true, force: true });
    else process.stderr.write(`the logs are in ${folder}\n`);
  };
  try {
    onStep('Starting Temporal');
    const temporal = await startTemporalServer({
      stateDir: join(folder, 'temporal'),
      headless: true,
    });
    undo.push(() => temporal.process.stop());
    const { address } = temporal;
    onStep(`Starting the cluster (${kind})`);
    const cluster = await startCluster(kind, {
      stateDir: join(folder, 'cluster'),
      nodeDelaySeconds,
    });
    undo.push(() => cluster.stop());
    const { kubeconfigPath } = cluster;
    const temporalConnection = await Connection.connect({ address });
    undo.push(() => temporalConnection.close());
    const client = new Client({ connection: temporalConnection });
    const connection = await connectToCluster({ kubeconfigPath });
    undo.push(() => connection.close());
    const bare = await BareCluster.connect(kubeconfigPath);
    undo.push(() => bare.close());
    onStep('Starting the worker');
    const env = { TEMPORAL_ADDRESS: address, KUBECONFIG: kubeconfigPath };
    const worker = await createWorker({ folder, env, profileFolder });
    undo.push(() => worker.stop());
    await worker.start();
    const temporalClient = { client, address, close: () => temporalConnection.close() };
    const pools = new Pools(temporalClient, defaultTaskQueue);
    return {
      bare,
      client,
      metricsUrl: temporal.metricsUrl,
      stop,
      processes: () => [
        ...[worker, temporal.process, ...cluster.processes].map(({ name, pid }) => ({ name, pid })),
        { name: 'bench', pid: process.pid },
      ],
      async createPool(pool, sizes) {
        await storeTemplate({ connection, namespace, pool, templateHash, template });
        await pools.apply({ pool, namespace, spec: { ...otherSettings, ...sizes } });
      },
      async removePool(pool) {
        await client.workflow.getHandle(poolWorkflowId(pool)).terminate('the benchmark is over');
        await bare.deletePods(namespace, `pilotlight.dev/pool=${pool}`);
      },
    };
  } catch (error) {
    await stop('failed');
    throw error;
  }
}

const templateHash = 'bench';

const otherSettings: Omit<PoolSpec, keyof PoolSizes> = {
  podReadySeconds: 300,
  unreadySeconds: 60,
  maxAgeSeconds: 0,
  maxIdleSeconds: 0,
  claim: { leaseSeconds: 3600, maxLeaseSeconds: 86_400 },
  rollout: { maxSurge: 1, maxUnavailable: 0 },
  templateHash,
};

async function createWorker(options: {
  folder: string;
  env: Record<string, string>;
  profileFolder: string | null;
}): Promise<ManagedProcess> {
  const { folder, env, profileFolder } = options;
  const port = await getPort({ host: '127.0.0.1' });
  const profile = profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  return new ManagedProcess({
    name: 'worker',
    command: process.execPath,
    args: [...profile, join(import.meta.dirname, '../src/workers/main.ts')],
    env: { ...env, PILOTLIGHT_HEALTH_PORT: String(port), PILOTLIGHT_LOG_LEVEL: 'warn' },
    logFile: join(folder, 'log', 'worker.log'),
    restart: false,
    readyTimeoutMs: workerReadyTimeoutMs,
    isReady: async () => {
      const signal = AbortSignal.timeout(2_000);
      return (await fetch(`http://127.0.0.1:${port}/readyz`, { signal })).ok;
    },
  });
}
