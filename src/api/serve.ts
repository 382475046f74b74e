/**
 * One replica of the API. It serves claims as soon as it has read the pods and the pools' cards once;
 * Temporal may be down then and later. SIGTERM stops it gracefully, a second one at once.
 */
import { randomBytes } from 'node:crypto';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Logger } from 'pino';
import { Claims } from '../claims/claims.ts';
import { writeCompiledCode } from '../configuration/compiled-code.ts';
import { ApiMetrics } from '../metrics/api-metrics.ts';
import { openTracing } from '../tracing/open-tracing.ts';
import type { ApiConfiguration } from './configuration.ts';
import { LatePools } from './late-pools.ts';
import { closeCluster, type OpenCluster } from './open-cluster.ts';
import type { Readiness } from './operation-routes.ts';
import { createPoolAdministration } from './pool-administration.ts';
import { ApiServer } from './server.ts';

/** A process that can't list its pods ends after this and is started again by its keeper. */
const startDeadlineMs = 60_000;

/** A picture of this age may lack every pod: silence of 45 s already starts a new list. */
const unreadyLagMs = 180_000;

/** Time for the watches and connections to close, after the server has stopped. */
const closeDeadlineMs = 3_000;

/** What happens to claims that an operator should see. */
const troubles = new Set(['lost', 'notDiscarded', 'demandUnheard']);

/**
 * After the start, Temporal's client is loaded, so that the first claim that waits does not wait for
 * that too; not at once, since it holds up the claims of that moment by 0.1 s.
 */
const loadTemporalAfterMs = 2_000;

/** Serves until it is told to stop. Raises when the lists don't come, or the address is taken. */
export async function serve(options: {
  configuration: ApiConfiguration;
  cluster: OpenCluster;
  log: Logger;
}): Promise<void> {
  const { configuration, cluster, log } = options;
  const { namespace, taskQueue, host, port, tokensFile, claimLimits } = configuration;
  const { connection, cache, cards, cordoned } = cluster;
  // Raises now what would else be found out by the first who needs Temporal.
  loadClientConnectConfig();
  const { payloadKeysFile } = configuration;
  // What reads these files is loaded by those alone who have them.
  const keyring =
    payloadKeysFile === null
      ? null
      : await (await import('../codec/keyring.ts')).readKeyring(payloadKeysFile);
  const onTrouble = (message: string): void => log.error(message);
  const tokens =
    tokensFile === null
      ? null
      : await (await import('./tokens.ts')).Tokens.open({ path: tokensFile, onTrouble });
  const tracing = await openTracing({
    env: process.env,
    serviceName: 'pilotlight-api',
    onTrouble: (error) => log.warn({ error }, 'traces are not sent'),
  });
  const metrics = new ApiMetrics();
  cluster.onCall = (call) => metrics.observeCall(call);
  const pools = new LatePools({ taskQueue, keyring });
  // A dead replica's reports expire under its own name, so each life has a new one.
  const replica = `${process.env['HOSTNAME'] ?? 'api'}-${randomBytes(4).toString('hex')}`;
  const claims = new Claims({
    ...{ connection, namespace, cache, cards, limits: claimLimits },
    isCordoned: (node) => cordoned.has(node),
    reportDemand: async (pool, demand) =>
      (await pools.get()).demandChanged(pool, { replica, ...demand }),
    onEvent: (event) => {
      // A name that is no pool's is the caller's text, of which there is no end.
      const isPool = cards.get(event.pool) !== undefined;
      metrics.observeClaimEvent(isPool ? event : { ...event, pool: '' });
      if (troubles.has(event.kind)) log.warn(event, 'claims');
    },
  });
  metrics.addPoolGauges(() => claims.poolSummaries());
  metrics.addWatches({ pods: cache, cards });
  const readiness = (): Readiness => {
    const watchLagMs = Math.max(cache.lagMs(), cards.lagMs());
    const isReady = watchLagMs < unreadyLagMs;
    const why = isReady ? 'Claims are served.' : 'The Kubernetes API server is silent.';
    return { isReady, why, watchLagMs };
  };
  const administration = createPoolAdministration({
    ...{ connection, namespace },
    pools: () => pools.get(),
  });
  const server = await ApiServer.create({
    ...{ claims, administration, tokens, metrics, log, readiness, tracer: tracing.tracer },
  });
  const deadlineMs = Date.now() + startDeadlineMs;
  if (!(await cache.ready(deadlineMs)) || !(await cards.ready(deadlineMs))) {
    const error = cache.lastError ?? cards.lastError;
    throw new Error(`no list of pods and cards within ${startDeadlineMs} ms: ${String(error)}`);
  }
  const url = await server.listen({ host, port });
  log.info(
    { url, namespace, replica, cluster: connection.server, hasTokens: tokens !== null },
    'the API serves',
  );
  const afterwards = setTimeout(() => {
    pools.get().then(writeCompiledCode, (error: unknown) => {
      log.error({ error: String(error) }, "Temporal's client can't be used");
    });
  }, loadTemporalAfterMs);

  await untilToldToStop();
  clearTimeout(afterwards);
  log.info('the API stops');
  await server.stop();
  tokens?.close();
  const flushed = tracing.close();
  // The process ends anyway: an answer that never comes is no reason to stay.
  setTimeout(() => process.exit(0), closeDeadlineMs).unref();
  await Promise.all([closeCluster(cluster), pools.close(), flushed]);
  log.info('the API has stopped');
}

function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve();
      });
    }
  });
}
