import type { ManagedProcess } from '../managed-process.ts';

/** A running cluster, whichever kind it is. */
export interface Cluster {
  kind: 'simulated' | 'control-plane' | 'kubeconfig';
  kubeconfigPath: string;
  /** The Kubernetes namespace that pools live in. */
  namespace: string;
  /** Everything that was started for it, in order of start. */
  processes: ManagedProcess[];
  /** The process that serves the API; null when it is not ours. */
  apiServer: ManagedProcess | null;
  stop(): Promise<void>;
}
