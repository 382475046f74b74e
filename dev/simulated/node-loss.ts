/**
 * What becomes of a node whose kubelet is gone, and of its pods. Pure.
 *
 * The simulated kubelets need no heartbeat: a node's kubelet is gone once another holder has taken the
 * node's Lease in kube-node-lease, which is also how a test stops a node that kwok plays. From then on
 * nobody reports for its pods or ends them. After the grace period the node is Unknown and tainted,
 * pods are deleted when their toleration is over, and stay Terminating until the Node object goes.
 */
import { type ApiObject, isFields, toKubernetesTime } from './api-object.ts';
import type { Node, Pod } from './pod.ts';

/** The namespace of node leases. */
export const nodeLeaseNamespace = 'kube-node-lease';

const unreachable = 'node.kubernetes.io/unreachable';

/** Whether a kubelet plays the node: nobody has taken its lease. */
export function hasKubelet(lease: ApiObject | undefined): boolean {
  return lease === undefined;
}

/** The node as the node controller marks it now, or null when nothing changes. */
export function markNode(options: {
  node: Node;
  lease: ApiObject | undefined;
  graceMs: number;
  nowMs: number;
}): Node | null {
  const { node, lease, graceMs, nowMs } = options;
  const spec = isFields(lease?.spec) ? lease.spec : {};
  const renewedAtMs = Date.parse(String(spec['renewTime'])) || 0;
  const isLost = !hasKubelet(lease) && nowMs - renewedAtMs >= graceMs;
  const isMarked = (node.spec?.taints ?? []).some(({ key }) => key === unreachable);
  if (isLost === isMarked) return null;
  const others = (node.spec?.taints ?? []).filter(({ key }) => key !== unreachable);
  const now = toKubernetesTime(nowMs);
  const taints = (['NoSchedule', 'NoExecute'] as const).map((effect) => ({
    key: unreachable,
    effect,
    timeAdded: now,
  }));
  const condition = isLost
    ? { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }
    : { reason: 'KubeletReady', message: 'the simulated kubelet is ready' };
  const ready = {
    type: 'Ready',
    status: isLost ? 'Unknown' : 'True',
    lastTransitionTime: now,
    ...condition,
  } as const;
  return {
    ...node,
    spec: { ...node.spec, taints: isLost ? [...others, ...taints] : others },
    status: { ...node.status, conditions: [ready] },
  };
}

/** Whether a pod on the node has outlived its toleration of the node's NoExecute taints. */
export function isEvicted(pod: Pod, node: Node, nowMs: number): boolean {
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
  return taints.some((taint) => {
    const tolerations = (pod.spec.tolerations ?? []).filter(
      ({ key, operator = 'Equal', value = '', effect = '' }) =>
        (effect === '' || effect === taint.effect) &&
        (key === undefined || key === '' || key === taint.key) &&
        (operator === 'Exists' || value === (taint.value ?? '')),
    );
    const seconds = tolerations.map(({ tolerationSeconds = Infinity }) => tolerationSeconds);
    const addedAtMs = Date.parse(taint.timeAdded ?? '') || nowMs;
    return seconds.length === 0 || nowMs - addedAtMs >= Math.min(...seconds) * 1_000;
  });
}
