import type { ApiObject } from './api-object.ts';
import type { LabelRequirement } from './selectors.ts';

/** The fields of pods and nodes that the simulated scheduler, kubelet and autoscaler act on. */

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelRequirement[];
}

interface AntiAffinityTerm {
  topologyKey: string;
  labelSelector?: LabelSelector;
  namespaces?: string[];
}

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

interface Container {
  name: string;
  image: string;
  resources?: { requests?: Record<string, unknown>; limits?: Record<string, unknown> };
}

interface PodSpec {
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  containers: Container[];
  tolerations?: Toleration[];
  affinity?: {
    podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: AntiAffinityTerm[] };
  };
  terminationGracePeriodSeconds?: number;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  lastTransitionTime: string;
  lastProbeTime?: null;
  reason?: string;
  message?: string;
}

/** What is read of a container's status; a client that writes statuses may leave any of it out. */
interface ContainerStatus {
  ready?: boolean;
  restartCount?: number;
  state?: { waiting?: { reason?: string }; running?: unknown; terminated?: unknown };
}

export interface PodStatus {
  phase: string;
  conditions?: Condition[];
  startTime?: string;
  containerStatuses?: ContainerStatus[];
  reason?: string;
  message?: string;
  qosClass?: string;
  hostIP?: string;
  podIP?: string;
}

export interface Pod extends ApiObject {
  spec: PodSpec;
  status: PodStatus;
}

interface Taint {
  key: string;
  value?: string;
  effect: string;
  timeAdded?: string;
}

export interface Node extends ApiObject {
  spec?: { unschedulable?: boolean; taints?: Taint[] };
  status?: { allocatable?: Record<string, unknown>; conditions?: Condition[] };
}

/** True once a pod has ended for good and holds nothing of its node any more. */
export function isTerminal(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

/** The condition of one type, if the pod has it. */
export function conditionOf(pod: Pod, type: string): Condition | undefined {
  return pod.status.conditions?.find((condition) => condition.type === type);
}

/** The pod's conditions with one of them set, its place kept. */
export function withCondition(pod: Pod, condition: Condition): Condition[] {
  const others = pod.status.conditions ?? [];
  if (!others.some(({ type }) => type === condition.type)) return [...others, condition];
  return others.map((other) => (other.type === condition.type ? condition : other));
}

/** What a label selector asks for, as one list. */
export function requirementsOf(selector: LabelSelector = {}): LabelRequirement[] {
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: 'In', values: [value] }),
  );
  return [...equal, ...(selector.matchExpressions ?? [])];
}
