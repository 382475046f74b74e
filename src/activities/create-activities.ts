/** The activities of a worker, over what they depend on. */
import type { ClusterConnection } from '../kubernetes/connection.ts';
import type { CordonedNodes } from '../kubernetes/cordoned-nodes.ts';
import type { PodCache } from '../kubernetes/pod-cache.ts';
import type { Observation } from '../pool/observation.ts';
import type { Tracer } from '../tracing/span.ts';
import type { ActivityMetrics } from './activity-metrics.ts';
import { createObservePool, type ObservePoolInput } from './observe-pool.ts';
import { createPublishPool, type PublishPoolInput } from './publish-pool.ts';
import { createRetirePod, type RetirePodInput } from './retire-pod.ts';
import { createSpawnPod, type SpawnPodInput } from './spawn-pod.ts';
import { createTemplateCache } from './template-cache.ts';
import { createWatchPods, type WatchPodsInput } from './watch-pods.ts';
import type { RetireResult, SpawnResult } from '../pool/actions.ts';

/** What activities need of their process. */
export interface ActivityDependencies {
  connection: ClusterConnection;
  /** The process's one watch of the namespace. */
  cache: PodCache;
  /** The process's one watch of cordoned nodes. */
  cordoned: CordonedNodes;
  /** uid of kube-system of the connected cluster. */
  clusterUid: string;
  metrics: ActivityMetrics;
  /** Traces nothing unless given. */
  tracer?: Tracer;
  /** The heartbeat timeout that workflows of this process ask for a watcher, in milliseconds. */
  watchHeartbeatMs: number;
  /** Kubernetes namespace that the cache watches. */
  namespace: string;
  /**
   * Sends `podsChanged` to a pool's workflow. Resolves to false when no such workflow runs; raises
   * when Temporal did not take the signal, which the watcher then sends again.
   */
  signalPool: (pool: string, observation: Observation) => Promise<boolean>;
  /** Whether a workflow task of a pool is under way. Raises when Temporal does not say. */
  isAtWork: (pool: string) => Promise<boolean>;
  /** Pools by their cards, those without pods included. */
  knownPools: () => Promise<string[]>;
}

/** The signatures that workflows call by; only their types cross into the sandbox. */
export interface Activities {
  spawnPod(input: SpawnPodInput): Promise<SpawnResult>;
  retirePod(input: RetirePodInput): Promise<RetireResult>;
  observePool(input: ObservePoolInput): Promise<Observation>;
  publishPool(input: PublishPoolInput): Promise<void>;
  watchPods(input: WatchPodsInput): Promise<void>;
}

/** Binds the activities to a process's connection, cache and Temporal client. */
export function createActivities(dependencies: ActivityDependencies): Activities {
  const templates = createTemplateCache(dependencies.connection);
  return {
    spawnPod: createSpawnPod({ ...dependencies, templates }),
    retirePod: createRetirePod(dependencies),
    observePool: createObservePool(dependencies),
    publishPool: createPublishPool(dependencies),
    watchPods: createWatchPods(dependencies),
  };
}
