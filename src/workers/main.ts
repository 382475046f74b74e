/**
 * The process that runs pools: workflows and activities on one task queue. SIGTERM hands its waits
 * over at once and ends it; killed with -9, its waits go on elsewhere after the heartbeat timeout.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { createActivities } from '../activities/create-activities.ts';
import { openCodec } from '../codec/open-codec.ts';
import { readClusterUid } from '../kubernetes/cluster-uid.ts';
import { connectToCluster } from '../kubernetes/connection.ts';
import { CordonedNodes } from '../kubernetes/cordoned-nodes.ts';
import { PodCache } from '../kubernetes/pod-cache.ts';
import { listPoolsByCard } from '../kubernetes/pool-cards.ts';
import { openSdkMetrics } from '../metrics/sdk-metrics.ts';
import { WorkerMetrics } from '../metrics/worker-metrics.ts';
import { openTracing } from '../tracing/open-tracing.ts';
import { heartbeatTimeoutMs, slowHeartbeatMs } from '../pool/deadlines.ts';
import { poolWorkflowId } from '../pool/names.ts';
import { maxLaunches } from '../pool/plan.ts';
import { podsChangedSignal } from '../workflows/messages.ts';
import { readConfiguration } from './configuration.ts';
import { connectToTemporal } from './connect-to-temporal.ts';
import { startHealthServer } from './health-server.ts';
import { isAtWork } from './is-at-work.ts';
import { ensureWatch, keepWatch } from './keep-watch.ts';
import { reachServer } from './reach-server.ts';
import { defaultBundleFolder, openWorkflowBundle } from './workflow-bundle.ts';
import { hidesFailures, workerDataConverter } from './workflow-code.ts';

const configuration = readConfiguration(process.env);
const log = pino({ name: 'pilotlight-worker', level: configuration.logLevel });

/** A process that can't reach its servers ends after this and is started again by its keeper. */
const startDeadlineMs = 60_000;

/** A lost reflection of this age means that the process no longer sees its pods. */
const unhealthyLagMs = 180_000;

/** Time for what is left open, once all that counts is closed. */
const lingerMs = 500;

/** Nothing is held before the worker polls, so one that is told to end while it waits does so at once. */
const endAtOnce = (): never => process.exit(0);
const endingSignals = ['SIGTERM', 'SIGINT'] as const;

async function main(): Promise<void> {
  for (const signal of endingSignals) process.on(signal, endAtOnce);
  const { payloadKeysFile } = configuration;
  // Without keys none at all: no message, whatever it claims to be, fails a task then (P8).
  const codecs = payloadKeysFile === null ? [] : [await openCodec(payloadKeysFile)];
  const sdkMetrics = await openSdkMetrics();
  Runtime.install({
    telemetryOptions: {
      metrics: {
        prometheus: {
          bindAddress: sdkMetrics.bindAddress,
          // Names and units as Prometheus would have them, and ours.
          ...{ countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true },
        },
      },
    },
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const write = {
        TRACE: 'debug',
        DEBUG: 'debug',
        INFO: 'info',
        WARN: 'warn',
        ERROR: 'error',
      } as const;
      log[write[level]]({ ...meta }, message);
    }),
    shutdownSignals: [...endingSignals],
  });
  const tracing = await openTracing({
    env: process.env,
    serviceName: 'pilotlight-worker',
    onTrouble: (error) => log.warn({ error }, 'traces are not sent'),
  });
  const metrics = new WorkerMetrics();
  const cluster = await connectToCluster({ onCall: (call) => metrics.observeCall(call) });
  const deadlineMs = Date.now() + startDeadlineMs;
  const clusterUid = await reachServer({
    what: 'The Kubernetes API server',
    deadlineMs,
    reach: () => readClusterUid(cluster),
    onTrouble: (error) => log.warn({ error: String(error) }, 'waits for the Kubernetes API server'),
  });
  const { namespace, taskQueue } = configuration;
  const cache = PodCache.start({ connection: cluster, namespace });
  metrics.addWatches({ pods: cache });
  metrics.addPools(() => cache.pools());
  const cordoned = CordonedNodes.start({
    connection: cluster,
    onTrouble: (error) =>
      log.warn({ error: error.message }, 'nodes are not watched, pods on cordoned ones stay'),
  });
  if (!(await cache.ready(deadlineMs))) {
    throw new Error(`no list of pods within ${startDeadlineMs} ms: ${String(cache.lastError)}`);
  }

  const temporal = await reachServer({
    what: 'Temporal',
    deadlineMs,
    reach: () => connectToTemporal(codecs),
    onTrouble: (error) => log.warn({ error: String(error) }, 'waits for Temporal'),
  });
  const { client } = temporal;
  const worker = await Worker.create({
    connection: temporal.polling,
    namespace: temporal.namespace,
    taskQueue,
    workflowBundle: await openWorkflowBundle({
      folder: defaultBundleFolder(process.env),
      heartbeats: configuration.heartbeats,
      hidesFailures: hidesFailures(codecs),
      onTrouble: (error) => log.warn({ error: String(error) }, 'the workflow bundle is not kept'),
    }),
    dataConverter: workerDataConverter(codecs),
    activities: createActivities({
      connection: cluster,
      cache,
      cordoned,
      clusterUid,
      namespace,
      metrics,
      tracer: tracing.tracer,
      watchHeartbeatMs:
        configuration.heartbeats === 'cloud'
          ? slowHeartbeatMs(heartbeatTimeoutMs, Infinity)
          : heartbeatTimeoutMs,
      isAtWork: (pool) => isAtWork(client, poolWorkflowId(pool)),
      knownPools: () => listPoolsByCard({ connection: cluster, namespace }),
      async signalPool(pool, observation) {
        try {
          const handle = client.workflow.getHandle(poolWorkflowId(pool));
          await client.withDeadline(Date.now() + 5_000, () =>
            handle.signal(podsChangedSignal, observation),
          );
          return true;
        } catch (error) {
          if (error instanceof WorkflowNotFoundError) return false;
          throw error;
        }
      },
    }),
    maxConcurrentActivityTaskExecutions: configuration.maxActivities,
    activityTaskPollerBehavior: { type: 'autoscaling', minimum: 2, initial: 5, maximum: 50 },
    // As many as one plan launches: a spawn that starts with its workflow task's answer needs no poll
    // and no write of its own to be started, 2 ms of Temporal a pod.
    maxEagerActivityReservationsPerWorkflowTask: maxLaunches,
    maxHeartbeatThrottleInterval: '2s',
    defaultHeartbeatThrottleInterval: '2s',
    // A killed process holds its workflows for this long, and the heartbeats of its spawns for 10 s.
    // On a busy machine tasks waited for over 2 s with a live worker, and were then replayed for nothing.
    stickyQueueScheduleToStartTimeout: '5s',
    shutdownGraceTime: 0,
    shutdownForceTime: '10s',
  });
  const health = await startHealthServer({
    host: configuration.healthHost,
    port: configuration.healthPort,
    health: () => {
      const state = worker.getState();
      const watchLagMs = cache.lagMs();
      return {
        isReady: state === 'RUNNING' && watchLagMs < unhealthyLagMs,
        isDead: state === 'FAILED' || state === 'STOPPED',
        ...{ state, watchLagMs },
      };
    },
    scrape: async () => {
      const { contentType, text } = await metrics.scrape();
      return { contentType, text: `${text}\n${await sdkMetrics.read()}` };
    },
  });
  const watched = { client, namespace, taskQueue };
  await reachServer({
    what: 'Temporal',
    deadlineMs: Date.now() + startDeadlineMs,
    reach: () => ensureWatch(watched),
    onTrouble: (error) => log.warn({ error: String(error) }, 'the watch is not started yet'),
  });
  log.info({ namespace, taskQueue, cluster: cluster.server, clusterUid }, 'the worker runs');
  const ending = new AbortController();
  const kept = keepWatch({
    ...watched,
    signal: ending.signal,
    onError: (error) => log.warn({ error: String(error) }, 'whether pods are watched is unknown'),
  });
  for (const signal of endingSignals) process.off(signal, endAtOnce);
  await worker.run();
  ending.abort();
  await kept;
  health.close();
  await Promise.all([cache.stop(), cordoned.stop(), tracing.close()]);
  await Promise.all([cluster.close(), temporal.close()]);
  log.info('the worker has handed over and ends');
  // A collector that never answers would hold the process for another 10 s.
  setTimeout(() => process.exit(0), lingerMs).unref();
}

try {
  await main();
} catch (error) {
  log.fatal(
    { error: String(error), cause: error instanceof Error ? String(error.cause) : '' },
    'the worker ends',
  );
  process.exit(1);
}
