/**
 * Plays the cloud: a node appears some time after a pod that needs one is Unschedulable, one node a
 * pod, and goes when it has been empty for a minute. Usage: main.ts NODE_DELAY_SECONDS (KUBECONFIG).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import {
  call,
  callIfFound,
  connectToCluster,
  type ClusterConnection,
} from '../../src/kubernetes/connection.ts';
import { createNode, nodeKindLabel } from '../control-plane/shared-nodes.ts';
import { decideNodes, type AddedNode, type AutoscaledPod } from './decide-nodes.ts';

const kind = 'exclusive';

/** Room for one exclusive pod of 46 CPU and 360Gi, with what a machine keeps for itself. */
const capacity = { cpu: '48', memory: '384Gi', pods: '20' };

const emptyForMs = 60_000;

/** Short beside any node delay; two small lists a second cost the API server next to nothing. */
const lookEveryMs = 1_000;

async function look(options: {
  connection: ClusterConnection;
  delayMs: number;
  /** Kept from look to look. */
  emptySinceMs: Map<string, number>;
}): Promise<void> {
  const { connection, delayMs, emptySinceMs } = options;
  const nowMs = Date.now();
  const { items } = await call(connection.core.listPodForAllNamespaces());
  const exclusivePods = items.filter((pod) => pod.spec?.nodeSelector?.[nodeKindLabel] === kind);
  const pods = exclusivePods.map((pod) => toAutoscaledPod(pod, nowMs));
  const nodes = await listNodes({ connection, pods, emptySinceMs, nowMs });
  const { add, remove } = decideNodes({ pods, nodes, delayMs, emptyForMs, nowMs });
  for (let index = 0; index < add; index += 1) {
    // Named by the time: a name that came back would let an old node's pods count as the new one's.
    const name = `${kind}-${nowMs.toString(36)}-${index}`;
    await createNode({ connection, name, kind, capacity });
    console.log(`added node ${name}`);
  }
  for (const name of remove) {
    await callIfFound(connection.core.deleteNode({ name }));
    console.log(`removed node ${name}`);
  }
}

function toAutoscaledPod(pod: V1Pod, nowMs: number): AutoscaledPod {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const isWaiting =
    scheduled?.reason === 'Unschedulable' && pod.metadata?.deletionTimestamp === undefined;
  return {
    node: pod.spec?.nodeName ?? null,
    unschedulableSinceMs: isWaiting ? (scheduled.lastTransitionTime?.getTime() ?? nowMs) : null,
  };
}

/** The nodes of the kind; also brings `emptySinceMs` up to what is there now. */
async function listNodes(options: {
  connection: ClusterConnection;
  pods: AutoscaledPod[];
  emptySinceMs: Map<string, number>;
  nowMs: number;
}): Promise<AddedNode[]> {
  const { connection, pods, emptySinceMs, nowMs } = options;
  const labelSelector = `${nodeKindLabel}=${kind}`;
  const { items } = await call(connection.core.listNode({ labelSelector }));
  const names = items.flatMap(({ metadata }) => metadata?.name ?? []);
  const used = new Set(pods.map(({ node }) => node));
  const empty = new Set(names.filter((name) => !used.has(name)));
  for (const name of emptySinceMs.keys()) if (!empty.has(name)) emptySinceMs.delete(name);
  for (const name of empty) if (!emptySinceMs.has(name)) emptySinceMs.set(name, nowMs);
  return names.map((name) => ({ name, emptySinceMs: emptySinceMs.get(name) ?? null }));
}

const nodeDelaySeconds = Number(process.argv[2]);
if (process.argv[2] === undefined || !(nodeDelaySeconds >= 0)) {
  throw new Error(
    `Expected NODE_DELAY_SECONDS to be a number from 0, got ${process.argv[2] ?? 'nothing'}; try: main.ts 150`,
  );
}
const connection = await connectToCluster();
const emptySinceMs = new Map<string, number>();
// Runs until it is stopped; a look that fails is made up for by the next.
for (;;) {
  try {
    await look({ connection, delayMs: nodeDelaySeconds * 1000, emptySinceMs });
  } catch (error) {
    console.error(String(error));
  }
  await sleep(lookEveryMs);
}
