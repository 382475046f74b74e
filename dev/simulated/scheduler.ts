import { toKubernetesTime } from './api-object.ts';
import {
  conditionOf,
  isTerminal,
  type Node,
  type Pod,
  requirementsOf,
  withCondition,
} from './pod.ts';
import { parseQuantity } from './quantity.ts';
import { meets } from './selectors.ts';

/** What one pass of the scheduler decided about a pod: its new form, bound or marked Unschedulable. */
interface Placement {
  nodes: readonly Node[];
  /** Pods that hold a place: bound and not ended. Grows as the pass binds more. */
  placed: Pod[];
}

type Amounts = Record<string, number>;

/** Resources whose requests are counted against a node's allocatable ones. */
const counted = ['cpu', 'memory', 'pods'];

function requestsOf(pod: Pod): Amounts {
  const sum: Amounts = { cpu: 0, memory: 0, pods: 1 };
  for (const { resources } of pod.spec.containers) {
    const { requests = {}, limits = {} } = resources ?? {};
    for (const name of ['cpu', 'memory']) {
      sum[name] = (sum[name] ?? 0) + (parseQuantity(requests[name] ?? limits[name]) ?? 0);
    }
  }
  return sum;
}

/** What is left of every node; kept up to date while a pass binds pods. */
function freeAmounts({ nodes, placed }: Placement): Map<string, Amounts> {
  const free = new Map<string, Amounts>();
  for (const node of nodes) {
    const amounts = counted.map((name) => [
      name,
      parseQuantity(node.status?.allocatable?.[name]) ?? 0,
    ]);
    free.set(node.metadata.name, Object.fromEntries(amounts) as Amounts);
  }
  for (const pod of placed) take(free.get(pod.spec.nodeName ?? ''), requestsOf(pod));
  return free;
}

function take(free: Amounts | undefined, requests: Amounts): void {
  if (free === undefined) return;
  for (const [name, amount] of Object.entries(requests)) free[name] = (free[name] ?? 0) - amount;
}

/** Required anti-affinity terms of `one` that forbid it to share a domain with `other`. */
function forbiddenTopologies(one: Pod, other: Pod): string[] {
  const affinity = one.spec.affinity?.podAntiAffinity;
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms
    .filter(({ namespaces, labelSelector }) => {
      const where = namespaces ?? [one.metadata.namespace ?? ''];
      if (!where.includes(other.metadata.namespace ?? '') || !labelSelector) return false;
      return meets(other.metadata.labels ?? {}, requirementsOf(labelSelector));
    })
    .map(({ topologyKey }) => topologyKey);
}

/** `key=value` of every place that anti-affinity, the pod's or another's, forbids to the pod. */
function forbiddenDomains(pod: Pod, { nodes, placed }: Placement): Set<string> {
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  const domains = new Set<string>();
  for (const other of placed) {
    const keys = [...forbiddenTopologies(pod, other), ...forbiddenTopologies(other, pod)];
    for (const key of keys) {
      const value = byName.get(other.spec.nodeName ?? '')?.metadata.labels?.[key];
      if (value !== undefined) domains.add(`${key}=${value}`);
    }
  }
  return domains;
}

function untoleratedTaint(pod: Pod, node: Node): string | null {
  for (const taint of node.spec?.taints ?? []) {
    if (taint.effect === 'PreferNoSchedule') continue;
    const isTolerated = (pod.spec.tolerations ?? []).some(
      ({ key, operator = 'Equal', value = '', effect = '' }) =>
        (effect === '' || effect === taint.effect) &&
        (key === undefined || key === '' || key === taint.key) &&
        (operator === 'Exists' || value === (taint.value ?? '')),
    );
    if (!isTolerated) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  }
  return null;
}

interface Refusal {
  reason: string;
  /** Whether evicting others could make room, which the message tells apart. */
  isAboutRoom: boolean;
}

function refusals(
  pod: Pod,
  node: Node,
  context: { free: Amounts; domains: Set<string> },
): Refusal[] {
  const fixed = (reason: string): Refusal[] => [{ reason, isAboutRoom: false }];
  if (node.spec?.unschedulable === true) return fixed('node(s) were unschedulable');
  const taint = untoleratedTaint(pod, node);
  if (taint !== null) return fixed(taint);
  const labels = node.metadata.labels ?? {};
  if (!meets(labels, requirementsOf({ matchLabels: pod.spec.nodeSelector ?? {} }))) {
    return fixed("node(s) didn't match Pod's node affinity/selector");
  }
  const requests = requestsOf(pod);
  const short = counted.filter((name) => (requests[name] ?? 0) > (context.free[name] ?? 0));
  if (short.length > 0) {
    return short.map((name) => ({
      reason: name === 'pods' ? 'Too many pods' : `Insufficient ${name}`,
      isAboutRoom: true,
    }));
  }
  const isForbidden = Object.entries(labels).some(([key, value]) =>
    context.domains.has(`${key}=${value}`),
  );
  if (!isForbidden) return [];
  return [{ reason: "node(s) didn't match pod anti-affinity rules", isAboutRoom: true }];
}

/** The message in the real scheduler's style, so that what reads it is tested on real text. */
function unschedulableMessage(perNode: Refusal[][]): string {
  const total = perNode.length;
  if (total === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const { reason } of perNode.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const list = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  const aboutRoom = perNode.filter((all) => all.every(({ isAboutRoom }) => isAboutRoom)).length;
  const preemption = [
    ...(aboutRoom > 0 ? [`${aboutRoom} No preemption victims found for incoming pod`] : []),
    ...(aboutRoom < total ? [`${total - aboutRoom} Preemption is not helpful for scheduling`] : []),
  ];
  return `0/${total} nodes are available: ${list.join(', ')}. preemption: 0/${total} nodes are available: ${preemption.join(', ')}.`;
}

interface ScheduleOptions {
  pods: readonly Pod[];
  nodes: readonly Node[];
  nowMs: number;
}

/**
 * One pass of the scheduler over all pods, oldest first. Returns the pods that it changed: bound to
 * the node with most free CPU among those that fit, or marked Unschedulable with the reasons. Pure.
 */
export function schedule({ pods, nodes, nowMs }: ScheduleOptions): Pod[] {
  const waiting = pods.filter(
    (pod) =>
      pod.spec.nodeName === undefined &&
      pod.metadata.deletionTimestamp === undefined &&
      !isTerminal(pod),
  );
  if (waiting.length === 0) return [];
  waiting.sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion));
  const placed = pods.filter((pod) => pod.spec.nodeName !== undefined && !isTerminal(pod));
  const placement = { nodes, placed };
  const free = freeAmounts(placement);
  const changed: Pod[] = [];
  for (const pod of waiting) {
    const domains = forbiddenDomains(pod, placement);
    const perNode: Refusal[][] = [];
    let best: Node | null = null;
    for (const node of nodes) {
      const left = free.get(node.metadata.name) ?? {};
      const reasons = refusals(pod, node, { free: left, domains });
      perNode.push(reasons);
      const bestCpu = best === null ? -1 : (free.get(best.metadata.name)?.['cpu'] ?? 0);
      if (reasons.length === 0 && (left['cpu'] ?? 0) > bestCpu) best = node;
    }
    if (best === null) {
      const marked = markUnschedulable(pod, unschedulableMessage(perNode), nowMs);
      if (marked !== null) changed.push(marked);
      continue;
    }
    const bound = bind(pod, best.metadata.name, nowMs);
    placed.push(bound);
    take(free.get(best.metadata.name), requestsOf(bound));
    changed.push(bound);
  }
  return changed;
}

function bind(pod: Pod, nodeName: string, nowMs: number): Pod {
  const lastTransitionTime = toKubernetesTime(nowMs);
  const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime } as const;
  return {
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: {
      ...pod.status,
      conditions: withCondition(pod, { lastProbeTime: null, ...condition }),
    },
  };
}

function markUnschedulable(pod: Pod, message: string, nowMs: number): Pod | null {
  const before = conditionOf(pod, 'PodScheduled');
  if (before?.message === message) return null;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    lastProbeTime: null,
    lastTransitionTime: before?.lastTransitionTime ?? toKubernetesTime(nowMs),
    reason: 'Unschedulable',
    message,
  } as const;
  return { ...pod, status: { ...pod.status, conditions: withCondition(pod, condition) } };
}
