/** Real servers and real processes of ours, as a benchmark needs them: started, measured, stopped. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { Client } from '@temporalio/client';
import { startCluster, type ClusterKind } from '../dev/clusters/start-cluster.ts';
import { connectToTemporal } from '../dev/connect-to-temporal.ts';
import { startTemporalServer } from '../dev/temporal-server.ts';
import { Pools } from '../src/client/pools.ts';
import { connectToCluster } from '../src/kubernetes/connection.ts';
import { storeTemplate } from '../src/kubernetes/templates.ts';
import { poolWorkflowId } from '../src/pool/names.ts';
import type { PoolSpec } from '../src/pool/pool-spec.ts';
import type { HeartbeatProfile } from '../src/workers/configuration.ts';
import { defaultTaskQueue } from '../src/workflows/task-queue.ts';
import { BareCluster } from './bare-cluster.ts';
import { prepareAudit } from './audit.ts';
import { buildPrograms } from './build-programs.ts';
import type { TimedProcess } from './cpu-seconds.ts';
import { createApi, createWorker, type OurProcess } from './our-processes.ts';

/** Nodes of exclusive pods; no benchmark waits for one. */
const nodeDelaySeconds = 150;

/** The Kubernetes namespace of a started cluster. */
export const namespace = 'default';

/** Everything that a benchmark drives and reads. */
export interface Stage {
  /** The benchmarks' own eyes and hands. */
  bare: BareCluster;
  kubeconfigPath: string;
  /** Where the API's replicas answer. */
  apiUrls: string[];
  /** The API server's audit log of writes; null on a cluster that has none. */
  auditLog: string | null;
  client: Client;
  temporalAddress: string;
  /** Temporal's own metrics. */
  metricsUrl: string;
  /** The worker and the API's replicas. */
  ours: OurProcess[];
  /** Every process whose CPU time counts, this one included. */
  processes(): TimedProcess[];
  /** Stores the template and starts the pool's workflow. */
  createPool(pool: string, sizes: PoolSizes): Promise<void>;
  /** Ends a pool's workflow; its pods stay. */
  endPool(pool: string): Promise<void>;
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
 * Starts Temporal, a cluster, a worker and the API; raises when one of them does not start, with all stopped.
 * With `profileFolder` our processes write CPU profiles there when they end.
 */
export async function startStage(options: {
  cluster: ClusterKind;
  /** Replicas of the API. */
  apis: number;
  /** The worker's profile of heartbeats. */
  heartbeats: HeartbeatProfile;
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
    const audit = kind === 'control-plane' ? await prepareAudit(folder) : null;
    const cluster = await startCluster(kind, {
      stateDir: join(folder, 'cluster'),
      nodeDelaySeconds,
      apiServerArguments: audit?.apiServerArguments ?? [],
    });
    undo.push(() => cluster.stop());
    const { kubeconfigPath } = cluster;
    const { connection: temporalConnection, close } = await connectToTemporal(address);
    undo.push(close);
    const client = new Client({ connection: temporalConnection });
    const connection = await connectToCluster({ kubeconfigPath });
    undo.push(() => connection.close());
    const bare = await BareCluster.connect(kubeconfigPath);
    undo.push(() => bare.close());
    onStep('Building our programs as an image has them');
    const programs = await buildPrograms();
    const env = { TEMPORAL_ADDRESS: address, KUBECONFIG: kubeconfigPath };
    const workerEnv = { ...env, PILOTLIGHT_HEARTBEATS: options.heartbeats };
    const ours = [await createWorker({ programs, folder, env: workerEnv, profileFolder })];
    for (let index = 0; index < options.apis; index += 1) {
      ours.push(await createApi({ programs, folder, env, profileFolder, name: `api-${index}` }));
    }
    for (const { name, process } of ours) {
      onStep(`Starting ${name}`);
      undo.push(() => process.stop());
      await process.start();
    }
    const temporalClient = { client, address, close };
    const pools = new Pools(temporalClient, defaultTaskQueue);
    return {
      bare,
      kubeconfigPath,
      apiUrls: ours.slice(1).map(({ url }) => url),
      ours,
      auditLog: audit?.path ?? null,
      client,
      temporalAddress: address,
      metricsUrl: temporal.metricsUrl,
      stop,
      processes: () => [
        ...[...ours.map(({ process }) => process), temporal.process, ...cluster.processes].map(
          ({ name, pid }) => ({ name, pid }),
        ),
        { name: 'bench', pid: process.pid },
      ],
      async createPool(pool, sizes) {
        await storeTemplate({ connection, namespace, pool, templateHash, template });
        await pools.apply({ pool, namespace, spec: { ...otherSettings, ...sizes } });
      },
      async endPool(pool) {
        await client.workflow.getHandle(poolWorkflowId(pool)).terminate('the benchmark is over');
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
  failure: { backOffSeconds: 10, probeSeconds: 60, maxProbeSeconds: 600 },
  templateHash,
};
