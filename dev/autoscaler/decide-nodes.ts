/** Which nodes to add and remove: pure, so that it is tested without a cluster. */

/** A pod that may need a node of its own. */
export interface AutoscaledPod {
  /** The node it is bound to. */
  node: string | null;
  /** Since when the scheduler finds no node for it; null when it is not known to be Unschedulable. */
  unschedulableSinceMs: number | null;
}

/** A node of the kind that the autoscaler adds. */
export interface AddedNode {
  name: string;
  /** Since when no pod is bound to it; null while one is. */
  emptySinceMs: number | null;
  /** Whether a pod could be bound to it, now or when it has started: not lost, not cordoned. */
  isUsable: boolean;
}

/**
 * Nodes to add, one for each pod that has been Unschedulable for `delayMs` and is not served by a
 * node that is still empty; and names of nodes to remove, empty for `emptyForMs`. While any pod waits
 * no usable node is removed: the scheduler may be about to bind the pod to it.
 */
export function decideNodes(options: {
  pods: AutoscaledPod[];
  nodes: AddedNode[];
  delayMs: number;
  emptyForMs: number;
  nowMs: number;
}): { add: number; remove: string[] } {
  const { pods, nodes, delayMs, emptyForMs, nowMs } = options;
  const waitingSinceMs = pods.flatMap(({ node, unschedulableSinceMs: sinceMs }) =>
    node === null && sinceMs !== null ? [sinceMs] : [],
  );
  const due = waitingSinceMs.filter((sinceMs) => nowMs - sinceMs >= delayMs);
  // A lost node that counted as a place would keep a pod waiting for good.
  const places = nodes.filter(({ emptySinceMs, isUsable }) => emptySinceMs !== null && isUsable);
  const remove = nodes.filter(
    ({ emptySinceMs, isUsable }) =>
      emptySinceMs !== null &&
      nowMs - emptySinceMs >= emptyForMs &&
      (waitingSinceMs.length === 0 || !isUsable),
  );
  return {
    add: Math.max(0, due.length - places.length),
    remove: remove.map(({ name }) => name),
  };
}
