/** Which nodes to add and remove: pure, so that it is tested without a cluster. */

/** A pod that may need a node of its own. */
export interface AutoscaledPod {
  name: string;
  node: string | null;
  unschedulableSinceMs: number | null;
}

/** A node that the autoscaler added. */
export interface AddedNode {
  name: string;
  createdAtMs: number;
}

/**
 * Nodes to add, one for each pod that has been Unschedulable for the delay and is not served by a
 * node that is still empty; and nodes to remove, empty for `emptyForMs`.
 */
export function decideNodes(options: {
  pods: AutoscaledPod[];
  nodes: AddedNode[];
  emptySinceMs: Map<string, number>;
  delayMs: number;
  emptyForMs: number;
  nowMs: number;
}): { add: number; remove: string[] } {
  const { pods, nodes, emptySinceMs, delayMs, emptyForMs, nowMs } = options;
  const used = new Set(pods.map((pod) => pod.node));
  const empty = nodes.filter((node) => !used.has(node.name));
  const waiting = pods.filter((pod) => pod.node === null && pod.unschedulableSinceMs !== null);
  const due = waiting.filter((pod) => nowMs - (pod.unschedulableSinceMs ?? nowMs) >= delayMs);
  const remove =
    waiting.length > 0
      ? []
      : empty.filter(({ name }) => nowMs - (emptySinceMs.get(name) ?? nowMs) >= emptyForMs);
  return { add: Math.max(0, due.length - empty.length), remove: remove.map(({ name }) => name) };
}
