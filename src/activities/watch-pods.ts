/**
 * Tells each pool what changed among its pods: level-triggered, coalesced, sent until Temporal has
 * it. One runs per namespace; two at once, or one that starts late, do no harm, because
 * observations commute and repeat.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Context, log } from '@temporalio/activity';
import type { CordonedNodes } from '../kubernetes/cordoned-nodes.ts';
import type { PodCache, PodCacheChange } from '../kubernetes/pod-cache.ts';
import { maxObservedPods, type GonePod, type Observation } from '../pool/observation.ts';
import type { PodView } from '../pool/pod-view.ts';
import { noVersion } from '../pool/resource-version.ts';
import { beatEveryMs } from './beat-every.ts';
import { ClaimBurst } from './claim-burst.ts';
import type { ActivityMetrics } from './activity-metrics.ts';
import { handOver } from './hand-over.ts';
import { startsWave, untilNextTickMs } from './tick.ts';

export interface WatchPodsInput {
  namespace: string;
}

/** The watcher is placed anew once a day, so that no attempt grows old. */
const placedForMs = 23 * 3_600_000;

/** First and longest pause before a signal that Temporal did not take is sent again. */
const firstRetryMs = 500;
const longestRetryMs = 5_000;

/** Changes of one pool that are yet to be sent: the latest of each pod. */
interface Pending {
  pods: Map<string, PodView>;
  gone: Map<string, GonePod>;
  /** Send all pods instead: after a list, when Temporal may have missed anything. */
  isSnapshot: boolean;
  burst: ClaimBurst;
  /** When the oldest of it was noted, by this process's own clock. */
  sinceMs: number;
}

function newPending(isSnapshot: boolean): Pending {
  const sinceMs = performance.now();
  return { pods: new Map(), gone: new Map(), isSnapshot, burst: new ClaimBurst(), sinceMs };
}

interface WatchDependencies {
  cache: PodCache;
  cordoned: CordonedNodes;
  clusterUid: string;
  namespace: string;
  metrics: ActivityMetrics;
  watchHeartbeatMs: number;
  signalPool: (pool: string, observation: Observation) => Promise<boolean>;
  knownPools: () => Promise<string[]>;
}

/** Runs for a day or until it is handed over. */
export function createWatchPods(
  dependencies: WatchDependencies,
): (input: WatchPodsInput) => Promise<void> {
  return async ({ namespace }) => {
    if (namespace !== dependencies.namespace) {
      throw new Error(
        `Expected to watch namespace ${dependencies.namespace}, as this process is configured, got ${namespace}`,
      );
    }
    const { cache, cordoned, watchHeartbeatMs } = dependencies;
    const { heartbeatTimeoutMs = watchHeartbeatMs } = Context.current().info;
    if (heartbeatTimeoutMs !== watchHeartbeatMs) throw otherHeartbeats(watchHeartbeatMs);
    const pending = new Map<string, Pending>();
    const heartbeat = setInterval(
      () => {
        const lagMs = Math.round(cache.lagMs());
        Context.current().heartbeat({ version: cache.version, lagMs });
      },
      beatEveryMs(heartbeatTimeoutMs, false),
    );
    const isNews = createNewsFilter();
    // What changed while nobody watched is unknown, so a new watcher begins with snapshots.
    let needsSnapshots = true;
    const unsubscribe = cache.subscribe((change) => {
      // A quiet cluster may be listed every half a minute: that must cost no pool a signal.
      if (change.kind === 'listed') needsSnapshots ||= change.isNews;
      else if (isNews(change)) note(pending, change);
    });
    const unsubscribeNodes = cordoned.subscribe((node) => {
      for (const pool of cache.pools()) {
        const isAffected = node === null || cache.list(pool).some((pod) => pod.node === node);
        if (!isAffected) continue;
        pending.set(pool, pending.get(pool) ?? newPending(false));
      }
    });
    try {
      await tellUntilPlacedAnew({
        dependencies,
        pending,
        takeSnapshots: () => {
          const taken = needsSnapshots;
          needsSnapshots = false;
          return taken;
        },
        failedSnapshots: () => (needsSnapshots = true),
      });
    } catch (error) {
      throw handOver(error);
    } finally {
      unsubscribe();
      unsubscribeNodes();
      clearInterval(heartbeat);
      dependencies.metrics.setWatcherLag(0);
    }
  };
}

/**
 * Ends a watch that was asked for before the workers' heartbeats were set to others. Its workflow waits
 * 5 s and starts it again, as this worker's bundle asks for it; until all workers have the new setting
 * that may happen a few times.
 */
function otherHeartbeats(timeoutMs: number): ApplicationFailure {
  const message = `workers of this setting beat within ${timeoutMs} ms: the watcher is started again`;
  return ApplicationFailure.nonRetryable(message, 'OtherHeartbeats');
}

async function tellUntilPlacedAnew(options: {
  dependencies: WatchDependencies;
  pending: Map<string, Pending>;
  takeSnapshots: () => boolean;
  failedSnapshots: () => void;
}): Promise<void> {
  const { dependencies, pending, takeSnapshots, failedSnapshots } = options;
  const { cancellationSignal } = Context.current();
  const endsAtMs = Date.now() + placedForMs;
  let retryMs = 0;
  for (;;) {
    if (cancellationSignal.aborted) await Context.current().cancelled;
    if (Date.now() >= endsAtMs) return;
    try {
      if (dependencies.cache.version !== '0' && takeSnapshots()) {
        const pools = await dependencies.knownPools().catch((error: unknown) => {
          failedSnapshots();
          throw error;
        });
        for (const pool of new Set([...pools, ...dependencies.cache.pools()])) {
          pending.set(pool, newPending(true));
        }
      }
      await Promise.all([...pending.keys()].map((pool) => tell(dependencies, pending, pool)));
      retryMs = 0;
    } catch (error) {
      retryMs = Math.min(longestRetryMs, Math.max(firstRetryMs, retryMs * 2));
      log.warn('Temporal has not taken what changed, it is sent again', { error: String(error) });
    }
    const sinceMs = Math.min(...[...pending.values()].map((one) => one.sinceMs));
    dependencies.metrics.setWatcherLag(pending.size === 0 ? 0 : performance.now() - sinceMs);
    // Not the SDK's own sleep, which keeps 1 KB of each call until the activity ends: 400 MB a day. That it
    // was cut short is seen above.
    const pauseMs = Math.max(untilNextTickMs(Date.now()), retryMs);
    await sleep(pauseMs, undefined, { signal: cancellationSignal }).catch(() => undefined);
  }
}

/**
 * Passes over what no pool decides by: the version alone, and a lease's end, so that renewing a
 * thousand leases costs Temporal nothing. What is judged by it is read from a list when it is due.
 */
function createNewsFilter(): (change: Exclude<PodCacheChange, { kind: 'listed' }>) => boolean {
  const told = new Map<string, string>();
  return (change) => {
    if (change.kind === 'gone') {
      told.delete(change.uid);
      return true;
    }
    const { uid } = change.view;
    const facts = JSON.stringify({ ...change.view, version: '', leaseExpiresAtMs: 0 });
    if (told.get(uid) === facts) return false;
    told.set(uid, facts);
    return true;
  };
}

function note(
  pending: Map<string, Pending>,
  change: Exclude<PodCacheChange, { kind: 'listed' }>,
): void {
  const mine = pending.get(change.pool) ?? newPending(false);
  pending.set(change.pool, mine);
  if (change.kind === 'changed') {
    mine.pods.set(change.view.name, change.view);
    mine.burst.note(change.view);
    return;
  }
  const { name, uid, version, last } = change;
  if (mine.pods.get(name)?.uid === uid) mine.pods.delete(name);
  const { claimed, releaseReason } = last.view;
  mine.gone.set(name, {
    ...{ name, uid, version, ...(claimed ? { claimed } : {}) },
    ...(releaseReason === undefined ? {} : { releaseReason }),
  });
}

/** Which of the pods' nodes are cordoned; nothing while nodes can't be read. */
function cordonedOf(cordoned: CordonedNodes, pods: PodView[]): Pick<Observation, 'cordoned'> {
  if (cordoned.version === noVersion) return {};
  const nodes = pods.flatMap(({ node }) => (node !== undefined && cordoned.has(node) ? node : []));
  return { cordoned: { version: cordoned.version, nodes: [...new Set(nodes)] } };
}

/** Pools that were reported to have pods and no workflow, so that each is said once. */
const unowned = new Set<string>();

/** Nobody deletes such pods by himself: applying the pool takes them in, `gc` deletes them. */
function reportUnowned(pool: string, isUnowned: boolean): void {
  if (!isUnowned) unowned.delete(pool);
  else if (!unowned.has(pool)) {
    unowned.add(pool);
    log.warn('pods of a pool that does not run: apply it, or see `pilotlight gc`', { pool });
  }
}

/** Sends what is pending of a pool; on failure it is pending again, under what came since. */
async function tell(
  dependencies: WatchDependencies,
  pending: Map<string, Pending>,
  pool: string,
): Promise<void> {
  const { cache, cordoned, clusterUid, signalPool } = dependencies;
  const mine = pending.get(pool);
  if (mine === undefined) return;
  const burst = {
    pods: () => cache.list(pool),
    nowMs: performance.now(),
    startsWave: startsWave(Date.now()),
  };
  if (!mine.isSnapshot && mine.burst.holds(burst)) return;
  pending.delete(pool);
  const pods = mine.isSnapshot ? cache.list(pool) : [...mine.pods.values()];
  const gone = [...mine.gone.values()];
  try {
    const isThere = await signalPool(pool, {
      cluster: clusterUid,
      version: cache.version,
      pods: pods.slice(0, maxObservedPods),
      gone: gone.slice(0, maxObservedPods),
      complete: mine.isSnapshot && pods.length <= maxObservedPods,
      ...cordonedOf(cordoned, cache.list(pool)),
    });
    reportUnowned(pool, !isThere && pods.length > 0);
  } catch (error) {
    const since = pending.get(pool);
    pending.set(pool, {
      pods: new Map([...mine.pods, ...(since?.pods ?? [])]),
      gone: new Map([...mine.gone, ...(since?.gone ?? [])]),
      isSnapshot: mine.isSnapshot || since?.isSnapshot === true,
      sinceMs: mine.sinceMs,
      burst: mine.burst,
    });
    throw error;
  }
}
