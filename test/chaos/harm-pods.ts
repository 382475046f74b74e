/** Faults of pods and of their nodes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { killKubelet, removeNode } from '../e2e/lose-node.ts';
import { playPod } from '../e2e/play-pods.ts';
import { insist } from './insist.ts';
import type { ChaosWorld } from './chaos-world.ts';
import type { Fault } from './schedule.ts';

/** Takes one unclaimed pod of a pool, if there is one. */
export async function harmPod(
  { environment, harmed, note }: ChaosWorld,
  { kind, pool, choice }: Extract<Fault, { kind: 'deletePod' | 'evictPod' | 'failPod' }>,
): Promise<void> {
  const { core } = environment;
  const { items } = await core.listNamespacedPod({
    namespace: 'default',
    labelSelector: `pilotlight.dev/pool=${pool},pilotlight.dev/state=unclaimed`,
  });
  const candidates = items.filter((pod) => kind !== 'failPod' || isRunning(pod));
  const { name = '', uid = '' } = candidates[choice % Math.max(1, items.length)]?.metadata ?? {};
  if (uid === '') return;
  // Before the call: whether it was carried out is not always known.
  harmed.add(uid);
  note(`${kind} takes ${name}`);
  if (kind === 'failPod') await playPod(environment, name, 'failed');
  else if (kind === 'evictPod') {
    const body = { metadata: { name }, deleteOptions: { preconditions: { uid } } };
    await core.createNamespacedPodEviction({ namespace: 'default', name, body });
  } else {
    const body = { preconditions: { uid } };
    await core.deleteNamespacedPod({ namespace: 'default', name, body });
  }
}

/** Takes the node of one of the pool's exclusive pods, which others, of claims too, may share in time. */
export async function loseNode(
  { environment, lostNodes, note }: ChaosWorld,
  { pool, choice, seconds }: Extract<Fault, { kind: 'loseNode' }>,
): Promise<void> {
  const { items } = await environment.core.listNamespacedPod({
    namespace: 'default',
    labelSelector: `pilotlight.dev/pool=${pool},shape=exclusive`,
  });
  const nodes = items.flatMap(({ spec }) => spec?.nodeName ?? []);
  const node = nodes[choice % Math.max(1, nodes.length)];
  if (node === undefined) return;
  lostNodes.add(node);
  note(`node ${node} is lost`);
  const { kubeconfigPath } = environment.cluster;
  // Half a loss would leave pods that end for ever, and its API server may be away by another fault.
  await insist(() => killKubelet(kubeconfigPath, node));
  await sleep(seconds * 1_000);
  await insist(() => removeNode(kubeconfigPath, node));
}

function isRunning({ metadata, status }: V1Pod): boolean {
  return status?.phase === 'Running' && metadata?.deletionTimestamp === undefined;
}
