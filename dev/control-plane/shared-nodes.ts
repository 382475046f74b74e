/** The nodes that are there from the start. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1NodeCondition } from '@kubernetes/client-node';
import type { ClusterConnection } from '../../src/kubernetes/connection.ts';
import { KubernetesError } from '../../src/kubernetes/kubernetes-error.ts';

/** Twenty nodes of 500 pods: room for thousands of small pods. */
const sharedNodes = 20;

/** Half a second on two idle cores after kwok's start; a busy machine has taken 10. */
const readyTimeoutMs = 60_000;

const lookEveryMs = 200;

/** Label by which pods choose their kind of node. */
export const nodeKindLabel = 'pilotlight.example/nodes';

/**
 * The node controller looks at nodes once a second and remembers what it saw. A pod that is bound to
 * a node which it still remembers as not Ready is marked as not Ready once, and kwok, unlike a real
 * kubelet, does not say a second time that it is.
 */
const rememberedForMs = 1_500;

/**
 * Not Ready yet. The controller takes a condition for news only when its heartbeat has another
 * second than the one it remembers, and kwok's first may come within the same one: of 400 pods three
 * then stayed not Ready for good. So this one lies back.
 */
function startingCondition(): V1NodeCondition {
  const now = new Date();
  const before = new Date(now.getTime() - 60_000);
  return {
    type: 'Ready',
    status: 'False',
    reason: 'KubeletNotReady',
    message: 'the kubelet is starting',
    lastHeartbeatTime: before,
    lastTransitionTime: now,
  };
}

/** Creates a node that kwok plays; one that exists is left as it is. */
export async function createNode(options: {
  connection: ClusterConnection;
  name: string;
  kind: string;
  capacity: Record<string, string>;
  annotations?: Record<string, string>;
}): Promise<void> {
  const { connection, name, kind, capacity, annotations = {} } = options;
  const body = {
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, [nodeKindLabel]: kind },
      annotations: { 'kwok.x-k8s.io/node': 'fake', ...annotations },
    },
    // As a kubelet registers its node: without this condition the scheduler, told of no reason not to,
    // binds pods before kwok plays the node.
    status: { allocatable: capacity, capacity, conditions: [startingCondition()] },
  };
  try {
    const core = await connection.typed();
    await core.createNode({ body });
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.kind !== 'alreadyExists') throw error;
  }
}

/** Creates the shared nodes. */
export async function createSharedNodes(connection: ClusterConnection): Promise<void> {
  const capacity = { cpu: '64', memory: '512Gi', pods: '500' };
  for (let index = 0; index < sharedNodes; index += 1) {
    await createNode({ connection, name: `shared-${index}`, kind: 'shared', capacity });
  }
}

/** Resolves when every shared node is Ready and known to be. Raises, naming those that are not, after 60 s. */
export async function untilSharedNodesAreReady(connection: ClusterConnection): Promise<void> {
  const core = await connection.typed();
  const deadlineMs = Date.now() + readyTimeoutMs;
  for (;;) {
    const labelSelector = `${nodeKindLabel}=shared`;
    const { items } = await core.listNode({ labelSelector });
    const unready = items.filter(
      ({ status }) =>
        !status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
    );
    if (unready.length === 0) {
      await sleep(rememberedForMs);
      return;
    }
    if (Date.now() > deadlineMs) {
      const names = unready.map(({ metadata }) => metadata?.name).join(', ');
      throw new Error(`Nodes were not Ready within ${readyTimeoutMs / 1_000} s: ${names}`);
    }
    await sleep(lookEveryMs);
  }
}
