/**
 * Plays the cloud: a node appears some time after a pod that needs one is Unschedulable, one node a
 * pod, and goes when it has been empty for a minute. Usage: main.ts NODE_DELAY_SECONDS (KUBECONFIG).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  call,
  callIfFound,
  connectToCluster,
  type ClusterConnection,
} from '../../src/kubernetes/connection.ts';
import { createNode, nodeKindLabel } from '../control-plane/shared-nodes.ts';
import { decideNodes, type AutoscaledPod } from './decide-nodes.ts';

const kind = 'exclusive';
const delayMs = Number(process.argv[2]) * 1000;
const emptyForMs = 60_000;
const lookEveryMs = 1_000;

async function look(
  connection: ClusterConnection,
  emptySinceMs: Map<string, number>,
): Promise<void> {
  const nowMs = Date.now();
  const { items: all } = await call(connection.core.listPodForAllNamespaces());
  const pods = all
    .filter((pod) => pod.spec?.nodeSelector?.[nodeKindLabel] === kind)
    .map((pod): AutoscaledPod => {
      const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
      const isWaiting = scheduled?.reason === 'Unschedulable';
      return {
        name: pod.metadata?.name ?? '',
        node: pod.spec?.nodeName ?? null,
        unschedulableSinceMs: isWaiting ? (scheduled.lastTransitionTime?.getTime() ?? nowMs) : null,
      };
    });
  const { items } = await call(
    connection.core.listNode({ labelSelector: `${nodeKindLabel}=${kind}` }),
  );
  const nodes = items.map(({ metadata }) => ({
    name: metadata?.name ?? '',
    createdAtMs: metadata?.creationTimestamp?.getTime() ?? nowMs,
  }));
  for (const { name } of nodes) {
    if (pods.some((pod) => pod.node === name)) emptySinceMs.delete(name);
    else if (!emptySinceMs.has(name)) emptySinceMs.set(name, nowMs);
  }
  const { add, remove } = decideNodes({ pods, nodes, emptySinceMs, delayMs, emptyForMs, nowMs });
  const capacity = { cpu: '48', memory: '384Gi', pods: '20' };
  for (let index = 0; index < add; index += 1) {
    const name = `${kind}-${nowMs.toString(36)}-${index}`;
    await createNode({ connection, name, kind, capacity });
    console.log(`added node ${name}`);
  }
  for (const name of remove) {
    await callIfFound(connection.core.deleteNode({ name }));
    emptySinceMs.delete(name);
    console.log(`removed node ${name}`);
  }
}

const connection = await connectToCluster();
const emptySinceMs = new Map<string, number>();
// Runs until it is stopped; a look that fails is made up for by the next.
for (;;) {
  try {
    await look(connection, emptySinceMs);
  } catch (error) {
    console.error(String(error));
  }
  await sleep(lookEveryMs);
}
