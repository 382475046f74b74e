import type { Cluster, ClusterOptions } from './cluster.ts';
import { startControlPlane } from './control-plane.ts';
import { startSimulatedCluster } from './simulated.ts';

/** Kinds of cluster that can be started on a developer's machine. */
export const clusterKinds = ['simulated', 'control-plane'] as const;
export type ClusterKind = (typeof clusterKinds)[number];

/**
 * Starts a cluster of the kind asked for. A second start with the same folder goes on with the same
 * objects at the same address.
 */
export function startCluster(kind: ClusterKind, options: ClusterOptions): Promise<Cluster> {
  switch (kind) {
    case 'simulated':
      return startSimulatedCluster(options);
    case 'control-plane':
      return startControlPlane(options);
  }
}

/** Whether a text names a kind. */
export function isClusterKind(value: string): value is ClusterKind {
  return clusterKinds.some((kind) => kind === value);
}
