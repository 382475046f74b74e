/**
 * Plays the cloud: a node appears some time after a pod that needs one is Unschedulable, one node a
 * pod, and goes when it has been empty for a minute. Also reminds kwok of pods that it has forgotten.
 * Usage: main.ts NODE_DELAY_SECONDS (KUBECONFIG).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  PatchStrategy,
  setHeaderOptions,
  type CoreV1Api,
  type V1Node,
  type V1Pod,
} from '@kubernetes/client-node';
import {
  callIfFound,
  connectToCluster,
  type ClusterConnection,
} from '../../src/kubernetes/connection.ts';
import { createNode, nodeKindLabel } from '../control-plane/shared-nodes.ts';
import { decideNodes, type AddedNode, type AutoscaledPod } from './decide-nodes.ts';
import { findForgottenPods, remindedAnnotation } from './find-forgotten-pods.ts';

const kind = 'exclusive';

/** Room for one exclusive pod of 46 CPU and 360Gi, with what a machine keeps for itself. */
const capacity = { cpu: '48', memory: '384Gi', pods: '20' };

const emptyForMs = 60_000;

/** Short beside any node delay; two small lists a second cost the API server next to nothing. */
const lookEveryMs = 1_000;

interface Look {
  connection: ClusterConnection;
  core: CoreV1Api;
  pods: V1Pod[];
  nowMs: number;
}

async function scale(
  look: Look & {
    delayMs: number;
    /** Kept from look to look. */
    emptySinceMs: Map<string, number>;
  },
): Promise<void> {
  const { connection, core, pods: all, delayMs, emptySinceMs, nowMs } = look;
  const exclusivePods = all.filter((pod) => pod.spec?.nodeSelector?.[nodeKindLabel] === kind);
  const pods = exclusivePods.map((pod) => toAutoscaledPod(pod, nowMs));
  const labelSelector = `${nodeKindLabel}=${kind}`;
  const { items } = await core.listNode({ labelSelector });
  const nodes = toAddedNodes({ items, pods, emptySinceMs, nowMs });
  const { add, remove } = decideNodes({ pods, nodes, delayMs, emptyForMs, nowMs });
  for (let index = 0; index < add; index += 1) {
    // Named by the time: a name that came back would let an old node's pods count as the new one's.
    const name = `${kind}-${nowMs.toString(36)}-${index}`;
    await createNode({ connection, name, kind, capacity });
    console.log(`added node ${name}`);
  }
  for (const name of remove) {
    await callIfFound(core.deleteNode({ name }));
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
function toAddedNodes(options: {
  items: V1Node[];
  pods: AutoscaledPod[];
  emptySinceMs: Map<string, number>;
  nowMs: number;
}): AddedNode[] {
  const { items, pods, emptySinceMs, nowMs } = options;
  const used = new Set(pods.map(({ node }) => node));
  const names = items.flatMap(({ metadata }) => metadata?.name ?? []);
  const empty = new Set(names.filter((name) => !used.has(name)));
  for (const name of emptySinceMs.keys()) if (!empty.has(name)) emptySinceMs.delete(name);
  for (const name of empty) if (!emptySinceMs.has(name)) emptySinceMs.set(name, nowMs);
  return items.map((node) => {
    const name = node.metadata?.name ?? '';
    return { name, emptySinceMs: emptySinceMs.get(name) ?? null, isUsable: isUsable(node) };
  });
}

/** A node that has not started yet is not Ready either, but will be. */
function isUsable({ spec, status }: V1Node): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return spec?.unschedulable !== true && ready?.status !== 'Unknown';
}

async function remind({ core, pods, nowMs }: Look): Promise<void> {
  for (const { metadata } of findForgottenPods(pods, nowMs)) {
    const { name = '', namespace = '' } = metadata ?? {};
    const value = new Date(nowMs).toISOString();
    const body = { metadata: { annotations: { [remindedAnnotation]: value } } };
    const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
    await callIfFound(core.patchNamespacedPod({ name, namespace, body }, mergePatch));
    console.log(`reminded kwok of pod ${namespace}/${name}`);
  }
}

const nodeDelaySeconds = Number(process.argv[2]);
if (process.argv[2] === undefined || !(nodeDelaySeconds >= 0)) {
  throw new Error(
    `Expected NODE_DELAY_SECONDS to be a number from 0, got ${process.argv[2] ?? 'nothing'}; try: main.ts 150`,
  );
}
const connection = await connectToCluster();
const core = await connection.typed();
const emptySinceMs = new Map<string, number>();
// Runs until it is stopped; a look that fails, as while the API server is away, is made up for by the next.
for (;;) {
  try {
    const { items: pods } = await core.listPodForAllNamespaces();
    const look = { connection, core, pods, nowMs: Date.now() };
    await scale({ ...look, delayMs: nodeDelaySeconds * 1_000, emptySinceMs });
    await remind(look);
  } catch (error) {
    console.error(new Date().toISOString(), String(error));
  }
  await sleep(lookEveryMs);
}
