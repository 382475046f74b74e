/**
 * The start of a replica, in the order in which a first claim is served soonest: the lists of pods and
 * cards are asked for first, and what serves claims is loaded while the API server writes them.
 */
import { pino } from 'pino';
import { readConfiguration } from './configuration.ts';
import { openCluster } from './open-cluster.ts';

const log = pino({ name: 'pilotlight-api' });

try {
  const configuration = readConfiguration(process.env);
  log.level = configuration.logLevel;
  const cluster = await openCluster({
    namespace: configuration.namespace,
    onNodeTrouble: (error) =>
      log.warn(
        { error: error.message },
        'nodes are not watched, pods on cordoned ones are not last',
      ),
  });
  const { serve } = await import('./serve.ts');
  await serve({ configuration, cluster, log });
} catch (error) {
  log.fatal(
    { error: String(error), cause: error instanceof Error ? String(error.cause) : '' },
    'the API ends',
  );
  process.exit(1);
}
