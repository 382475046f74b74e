/** A whole Pilotlight on real servers, for one test file: started before it, stopped after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Api, V1PodTemplateSpec } from '@kubernetes/client-node';
import { Client } from '@temporalio/client';
import { connectToTemporal } from '../../dev/connect-to-temporal.ts';
import type { Cluster, ClusterOptions } from '../../dev/clusters/cluster.ts';
import { isClusterKind, startCluster } from '../../dev/clusters/start-cluster.ts';
import { startTemporalServer, type TemporalServer } from '../../dev/temporal-server.ts';
import { askUntilAnswered } from '../../src/client/ask-until-answered.ts';
import { keysFileVariable } from '../../src/codec/keys-file-variable.ts';
import { openCodec } from '../../src/codec/open-codec.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import { storeTemplate } from '../../src/kubernetes/templates.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolSpec } from '../../src/pool/pool-spec.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { workflowTypes } from '../../src/workflows/messages.ts';
import { defaultTaskQueue } from '../../src/workflows/task-queue.ts';
import { exampleSpec } from '../pool/examples.ts';
import { PodRecorder } from './pod-recorder.ts';
import { replayRuns } from './replay-runs.ts';
import { apiStarter, workerStarter, type StartApi, type StartWorker } from './start-programs.ts';

/** Tests that hold one start it here. */
export type { ApiReplica } from './start-programs.ts';

/** Histories of pools that are sent megabytes must be readable: as much as Temporal itself takes. */
const largestAnswerBytes = 128 * 1024 * 1024;

/** Everything a test needs to hold and to break. */
export interface Environment {
  cluster: Cluster;
  temporal: TemporalServer;
  client: Client;
  connection: ClusterConnection;
  /** Typed calls, for what tests do to the cluster themselves. */
  core: CoreV1Api;
  recorder: PodRecorder;
  startWorker: StartWorker;
  startApi: StartApi;
  /** Starts a pool of at most `maxPods` (400) pods, with a lease of an hour unless given. */
  createPool(options: {
    pool: string;
    warmTarget: number;
    template: V1PodTemplateSpec;
    podReadySeconds?: number;
    maxPods?: number;
    leaseSeconds?: number;
    settings?: Partial<PoolSpec>;
  }): Promise<void>;
  status(pool: string): Promise<PoolStatus>;
  /** Waits until so many pods of the pool were ever created; returns their uids. */
  untilCreated(pool: string, count: number): Promise<string[]>;
  /** Waits until all of so many pods are warm and nothing else is there or on its way. */
  untilWarm(pool: string, count: number, timeoutMs: number): Promise<PoolStatus>;
  /** Waits until so many pods are warm without the one that was lost, which may still be there. */
  untilReplaced(
    pool: string,
    lost: { uid: string; count: number; timeoutMs: number },
  ): Promise<PoolStatus>;
  /** uids of all pods ever created, once the record has caught up. */
  created(pool: string): Promise<string[]>;
  /** Stops Temporal, deletes its database and starts it at the same address. */
  loseTemporalData(): Promise<void>;
  /** Raises when something that was recorded does not replay (P12); everything is stopped all the same. */
  stop(): Promise<void>;
}

/**
 * Starts Temporal, with its UI if told so, and the kind of cluster that PILOTLIGHT_CLUSTER names,
 * without a worker. With a file of keys all that Temporal is given is encrypted.
 */
export async function startEnvironment(
  options: Omit<ClusterOptions, 'stateDir'> & {
    dynamicConfig?: string[];
    withUi?: boolean;
    payloadKeysFile?: string;
    /** Whether its histories are replayed when it stops, as they are unless said otherwise. */
    replays?: boolean;
  },
): Promise<Environment> {
  const { dynamicConfig = [], withUi = false, payloadKeysFile } = options;
  const { replays = true, ...clusterOptions } = options;
  const settings: Record<string, string> =
    payloadKeysFile === undefined ? {} : { [keysFileVariable]: payloadKeysFile };
  const kind = process.env['PILOTLIGHT_CLUSTER'] ?? 'simulated';
  if (!isClusterKind(kind)) throw new Error(`PILOTLIGHT_CLUSTER names no cluster: ${kind}`);
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-e2e-'));
  const temporalFolder = join(folder, 'temporal');
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const undo of started.toReversed()) await undo();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const cluster = await startCluster(kind, {
      stateDir: join(folder, 'cluster'),
      ...clusterOptions,
    });
    started.push(() => cluster.stop());
    const temporal = await startTemporalServer({
      stateDir: temporalFolder,
      headless: !withUi,
      dynamicConfig,
    });
    started.push(() => temporal.process.stop());
    const tracked = await connectToTemporal(temporal.address, { largestAnswerBytes });
    started.push(tracked.close);
    const codecs = [await openCodec(payloadKeysFile ?? null)];
    const client = new Client({
      connection: tracked.connection,
      dataConverter: { payloadCodecs: codecs },
    });
    const connection = await connectToCluster({ kubeconfigPath: cluster.kubeconfigPath });
    started.push(() => connection.close());
    const recorder = new PodRecorder(cluster.kubeconfigPath);
    started.push(() => {
      recorder.stop();
      return Promise.resolve();
    });
    const parts = { cluster, temporal, folder, started, settings };
    const core = await connection.typed();
    const servers = { cluster, temporal, client, connection, core, recorder };
    return {
      ...servers,
      startWorker: workerStarter(parts),
      startApi: apiStarter(parts),
      ...poolsOf(servers),
      async loseTemporalData() {
        await temporal.process.stop();
        for (const suffix of ['', '-wal', '-shm']) {
          await rm(join(temporalFolder, `temporal.db${suffix}`), { force: true });
        }
        await temporal.process.start();
      },
      async stop() {
        try {
          // A test may end with its Temporal down, on purpose.
          if (replays && temporal.process.pid !== null) await replayRuns(client, codecs);
        } finally {
          await stop();
        }
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function poolsOf(
  servers: Pick<Environment, 'client' | 'connection' | 'recorder'>,
): Pick<
  Environment,
  'createPool' | 'status' | 'untilCreated' | 'untilWarm' | 'untilReplaced' | 'created'
> {
  const { client, connection, recorder } = servers;
  const status = (pool: string): Promise<PoolStatus> =>
    client.withDeadline(Date.now() + 20_000, () =>
      askUntilAnswered(() =>
        client.workflow.getHandle(poolWorkflowId(pool)).query<PoolStatus>('status'),
      ),
    );
  return {
    status,
    async createPool({ pool, warmTarget, template, ...given }) {
      const { podReadySeconds = 300, maxPods = 400, leaseSeconds = 3_600, settings = {} } = given;
      const templateHash = 'e2e';
      await storeTemplate({ connection, namespace: 'default', pool, templateHash, template });
      const maxPending = maxPods;
      const limits = { warmTarget, podReadySeconds, maxPods, maxPending };
      const claim = { leaseSeconds, maxLeaseSeconds: 86_400 };
      const spec = exampleSpec({ ...limits, claim, ...settings, templateHash });
      await client.workflow.start(workflowTypes.pool, {
        workflowId: poolWorkflowId(pool),
        taskQueue: defaultTaskQueue,
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ pool, namespace: 'default', spec, upsertSearchAttributes: true }],
      });
    },
    untilCreated: (pool, count) =>
      until({
        what: `${count} pods of ${pool}`,
        timeoutMs: 30_000,
        ask: () => Promise.resolve(recorder.uids(pool)),
        holds: (uids) => uids.length >= count,
      }),
    untilWarm: (pool, count, timeoutMs) =>
      until({
        what: `${count} warm pods of ${pool}`,
        timeoutMs,
        ask: () => status(pool),
        holds: ({ warm, pending, retiring }) => warm === count && pending + retiring === 0,
      }),
    untilReplaced: (pool, { uid, count, timeoutMs }) =>
      until({
        what: `${count} warm pods of ${pool} without ${uid}`,
        timeoutMs,
        ask: () => status(pool),
        holds: ({ warm, pods }) =>
          warm === count && pods.every((pod) => pod.uid !== uid || pod.phase === 'retiring'),
      }),
    async created(pool) {
      await recorder.caughtUp();
      return recorder.uids(pool);
    },
  };
}

/** Asks every 200 ms, or `everyMs`, until it holds; raises with what was last seen when the time is over. */
export async function until<T>(options: {
  what: string;
  timeoutMs: number;
  ask: () => Promise<T>;
  holds: (answer: T) => boolean;
  everyMs?: number;
}): Promise<T> {
  const { what, timeoutMs, ask, holds, everyMs = 200 } = options;
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
    await sleep(everyMs);
  }
  throw new Error(`${what} did not come within ${timeoutMs} ms; last seen: ${last}`);
}
