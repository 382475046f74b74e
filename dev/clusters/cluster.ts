import type { NodeLoss } from '../control-plane/processes.ts';
import type { ManagedProcess } from '../managed-process.ts';
import type { Report } from '../report.ts';

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

/** What a cluster of our own is started with. */
export interface ClusterOptions {
  /** Where its objects, ports and credentials are kept. */
  stateDir: string;
  /** How long an exclusive pod waits for its node. */
  nodeDelaySeconds: number;
  /** How soon the control plane gives a dead node up. */
  nodeLoss?: Partial<NodeLoss>;
  /** More arguments of the API server of a control plane, such as an audit log. */
  apiServerArguments?: string[];
  /** Told of a build that takes its time. */
  report?: Report;
  /** Ends the start. */
  signal?: AbortSignal;
}
