/** What a replica knows of its cluster: lists are on their way while the rest of its code is loaded. */
import { CardCache } from '../kubernetes/card-cache.ts';
import {
  connectToCluster,
  type ClusterConnection,
  type EndedCall,
} from '../kubernetes/connection.ts';
import { CordonedNodes } from '../kubernetes/cordoned-nodes.ts';
import type { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import { PodCache } from '../kubernetes/pod-cache.ts';

/** A connection and the watches over it. */
export interface OpenCluster {
  connection: ClusterConnection;
  cache: PodCache;
  cards: CardCache;
  cordoned: CordonedNodes;
  /** Hears of each call that ends, once there is something to count with; no call is made before. */
  onCall: (call: EndedCall) => void;
}

/** Connects and begins to list and watch a namespace. Raises when the kubeconfig can't be used. */
export async function openCluster(options: {
  namespace: string;
  /** Hears of the first failure of the watch of nodes. */
  onNodeTrouble: (error: KubernetesError) => void;
}): Promise<OpenCluster> {
  const { namespace, onNodeTrouble } = options;
  const connection = await connectToCluster({ onCall: (call) => cluster.onCall(call) });
  const cluster: OpenCluster = {
    connection,
    cache: PodCache.start({ connection, namespace }),
    cards: CardCache.start({ connection, namespace }),
    cordoned: CordonedNodes.start({ connection, onTrouble: onNodeTrouble }),
    onCall: () => undefined,
  };
  return cluster;
}

/** Stops the watches and closes the connection. */
export async function closeCluster(cluster: OpenCluster): Promise<void> {
  const { connection, cache, cards, cordoned } = cluster;
  await Promise.all([cache.stop(), cards.stop(), cordoned.stop()]);
  await connection.close();
}
