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
}

/**
 * Nodes to add, one for each pod that has been Unschedulable for `delayMs` and is not served by a
 * node that is still empty; and names of nodes to remove, empty for `emptyForMs`. While any pod waits
 * nothing is removed: the scheduler may be about to bind it to the empty node.
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
  const empty = nodes.flatMap(({ name, emptySinceMs }) =>
    emptySinceMs === null ? [] : [{ name, emptySinceMs }],
  );
  const longEmpty = empty.filter(({ emptySinceMs }) => nowMs - emptySinceMs >= emptyForMs);
  return {
    add: Math.max(0, due.length - empty.length),
    remove: waitingSinceMs.length > 0 ? [] : longEmpty.map(({ name }) => name),
  };
}
