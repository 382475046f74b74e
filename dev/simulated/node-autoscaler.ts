import { randomUUID } from 'node:crypto';
import { toKubernetesTime } from './api-object.ts';
import { conditionOf, isTerminal, type Node, type Pod, requirementsOf } from './pod.ts';
import { meets } from './selectors.ts';

/** Pods that select nodes by this label with this value get nodes of their own. */
const nodesLabel = 'pilotlight.example/nodes';
const exclusive = 'exclusive';
const addedByAnnotation = 'sim.pilotlight.example/added-by';

/** How long a node that the autoscaler added may stand empty before it is removed. */
const emptyForMs = 60_000;

/** A node object as it registers itself: Ready, with the given capacity. */
export function newNode(options: {
  name: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  allocatable: Record<string, string>;
  nowMs: number;
}): Node {
  const { name, labels, annotations = {}, allocatable, nowMs } = options;
  const lastTransitionTime = toKubernetesTime(nowMs);
  const ready = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime,
    reason: 'KubeletReady',
    message: 'the simulated kubelet is ready',
  } as const;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: randomUUID(),
      resourceVersion: '',
      creationTimestamp: lastTransitionTime,
      labels: { ...labels, 'kubernetes.io/hostname': name },
      annotations,
    },
    spec: {},
    status: { allocatable, conditions: [ready] },
  };
}

/** What the autoscaler wants done now. */
export interface ScalingPlan {
  add: Node[];
  remove: Node[];
}

/**
 * Gives every exclusive pod that could not be placed a node, some time after it was found to be
 * Unschedulable, and takes back nodes of its own that have stood empty. It remembers only instants,
 * since conditions hold whole seconds; after a restart it goes on from the conditions.
 */
export class NodeAutoscaler {
  readonly #nodeDelayMs: number;
  readonly #emptySinceMs = new Map<string, number>();
  readonly #unschedulableSinceMs = new Map<string, number>();
  #highestNumber = 0;

  constructor(nodeDelayMs: number) {
    this.#nodeDelayMs = nodeDelayMs;
  }

  plan({
    pods,
    nodes,
    nowMs,
  }: {
    pods: readonly Pod[];
    nodes: readonly Node[];
    nowMs: number;
  }): ScalingPlan {
    const uids = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const uid of this.#unschedulableSinceMs.keys()) {
      if (!uids.has(uid)) this.#unschedulableSinceMs.delete(uid);
    }
    const used = new Set(pods.map((pod) => pod.spec.nodeName));
    const empty = nodes.filter(({ metadata }) => !used.has(metadata.name));
    const unclaimed = [...empty];
    const add: Node[] = [];
    for (const pod of pods.filter((candidate) => this.#isDue(candidate, nowMs))) {
      const wanted = requirementsOf({ matchLabels: pod.spec.nodeSelector ?? {} });
      const fitting = unclaimed.findIndex(({ metadata }) => meets(metadata.labels ?? {}, wanted));
      if (fitting >= 0) unclaimed.splice(fitting, 1);
      else add.push(this.#nodeFor(pod, nodes, nowMs));
    }
    return { add, remove: this.#emptyForLong(empty, nowMs) };
  }

  #isDue(pod: Pod, nowMs: number): boolean {
    if (pod.spec.nodeSelector?.[nodesLabel] !== exclusive || isTerminal(pod)) return false;
    const scheduled = conditionOf(pod, 'PodScheduled');
    if (scheduled?.reason !== 'Unschedulable' || pod.spec.nodeName !== undefined) return false;
    const storedAtMs = Date.parse(scheduled.lastTransitionTime);
    const { uid } = pod.metadata;
    const seenAtMs = nowMs - storedAtMs < 2_000 ? nowMs : storedAtMs;
    const sinceMs = this.#unschedulableSinceMs.get(uid) ?? seenAtMs;
    this.#unschedulableSinceMs.set(uid, sinceMs);
    return nowMs >= sinceMs + this.#nodeDelayMs;
  }

  #nodeFor(pod: Pod, nodes: readonly Node[], nowMs: number): Node {
    const numbers = nodes.map(({ metadata }) =>
      Number(/^exclusive-(\d+)$/.exec(metadata.name)?.[1] ?? 0),
    );
    this.#highestNumber = Math.max(this.#highestNumber, ...numbers) + 1;
    return newNode({
      name: `exclusive-${this.#highestNumber}`,
      labels: pod.spec.nodeSelector ?? {},
      annotations: { [addedByAnnotation]: 'node-autoscaler' },
      allocatable: { cpu: '48', memory: '384Gi', pods: '110' },
      nowMs,
    });
  }

  #emptyForLong(empty: Node[], nowMs: number): Node[] {
    const own = empty.filter(({ metadata }) => metadata.annotations?.[addedByAnnotation]);
    const uids = new Set(own.map(({ metadata }) => metadata.uid));
    for (const uid of this.#emptySinceMs.keys()) {
      if (!uids.has(uid)) this.#emptySinceMs.delete(uid);
    }
    return own.filter(({ metadata: { uid } }) => {
      const sinceMs = this.#emptySinceMs.get(uid) ?? nowMs;
      this.#emptySinceMs.set(uid, sinceMs);
      return nowMs - sinceMs >= emptyForMs;
    });
  }
}
