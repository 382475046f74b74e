/** A whole Pilotlight on real servers, for one test file: started before it, stopped after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import type { Cluster } from '../../dev/clusters/cluster.ts';
import { isClusterKind, startCluster } from '../../dev/clusters/start-cluster.ts';
import { ManagedProcess } from '../../dev/managed-process.ts';
import { startTemporalServer, type TemporalServer } from '../../dev/temporal-server.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { storeTemplate } from '../../src/kubernetes/templates.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { defaultTaskQueue, workflowTypes } from '../../src/workflows/messages.ts';
import { exampleSpec } from '../pool/examples.ts';
import { PodRecorder } from './pod-recorder.ts';

/** Everything a test needs to hold and to break. */
export interface Environment {
  cluster: Cluster;
  temporal: TemporalServer;
  client: Client;
  connection: ClusterConnection;
  recorder: PodRecorder;
  startWorker(name: string): Promise<ManagedProcess>;
  createPool(options: {
    pool: string;
    warmTarget: number;
    template: V1PodTemplateSpec;
    podReadySeconds?: number;
  }): Promise<void>;
  status(pool: string): Promise<PoolStatus>;
  stop(): Promise<void>;
}

/** Starts Temporal and the kind of cluster that PILOTLIGHT_CLUSTER names, without a worker. */
export async function startEnvironment(options: {
  nodeDelaySeconds: number;
  dynamicConfig?: string[];
}): Promise<Environment> {
  const kind = process.env['PILOTLIGHT_CLUSTER'] ?? 'simulated';
  if (!isClusterKind(kind)) throw new Error(`PILOTLIGHT_CLUSTER names no cluster: ${kind}`);
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-e2e-'));
  const [cluster, temporal] = await Promise.all([
    startCluster(kind, {
      stateDir: join(folder, 'cluster'),
      nodeDelaySeconds: options.nodeDelaySeconds,
    }),
    startTemporalServer({
      stateDir: join(folder, 'temporal'),
      headless: true,
      dynamicConfig: options.dynamicConfig ?? [],
    }),
  ]);
  const client = new Client({
    connection: await Connection.connect({ address: temporal.address }),
  });
  const connection = await connectToCluster({ kubeconfigPath: cluster.kubeconfigPath });
  const recorder = new PodRecorder(cluster.kubeconfigPath);
  const workers: ManagedProcess[] = [];
  return {
    cluster,
    temporal,
    client,
    connection,
    recorder,
    async startWorker(name) {
      const port = await getPort({ host: '127.0.0.1' });
      const worker = new ManagedProcess({
        name,
        command: process.execPath,
        args: [join(import.meta.dirname, '../../src/workers/main.ts')],
        env: {
          TEMPORAL_ADDRESS: temporal.address,
          KUBECONFIG: cluster.kubeconfigPath,
          PILOTLIGHT_HEALTH_PORT: String(port),
        },
        logFile: join(folder, 'log', `${name}.log`),
        restart: false,
        readyTimeoutMs: 60_000,
        isReady: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
      });
      workers.push(worker);
      await worker.start();
      return worker;
    },
    async createPool({ pool, warmTarget, template, podReadySeconds = 300 }) {
      const templateHash = 'e2e';
      await storeTemplate({ connection, namespace: 'default', pool, templateHash, template });
      await client.workflow.start(workflowTypes.pool, {
        workflowId: poolWorkflowId(pool),
        taskQueue: defaultTaskQueue,
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [
          {
            pool,
            namespace: 'default',
            spec: exampleSpec({
              warmTarget,
              podReadySeconds,
              templateHash,
              maxPods: 400,
              maxPending: 400,
            }),
            upsertSearchAttributes: true,
          },
        ],
      });
    },
    status: (pool) =>
      client.withDeadline(Date.now() + 20_000, () =>
        client.workflow.getHandle(poolWorkflowId(pool)).query<PoolStatus>('status'),
      ),
    async stop() {
      recorder.stop();
      for (const worker of workers) await worker.stop();
      await connection.close();
      await client.connection.close();
      await Promise.all([cluster.stop(), temporal.process.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until it holds; raises with what was last seen when the time is over. */
export async function until<T>(options: {
  what: string;
  timeoutMs: number;
  ask: () => Promise<T>;
  holds: (answer: T) => boolean;
}): Promise<T> {
  const { what, timeoutMs, ask, holds } = options;
  const deadlineMs = Date.now() + timeoutMs;
  let last = 'nothing';
  while (Date.now() < deadlineMs) {
    try {
      const answer = await ask();
      if (holds(answer)) return answer;
      last = JSON.stringify(answer).slice(0, 1_500);
    } catch (error) {
      last = String(error);
    }
    await sleep(200);
  }
  throw new Error(`${what} did not come within ${timeoutMs} ms; last seen: ${last}`);
}
