/**
 * Pods whose readiness the test plays, on either kind of cluster: they carry the fault `never-ready`,
 * so that the cluster's own kubelet reports them once as running and leaves them alone after that.
 */
import type { V1ContainerState, V1Pod, V1PodStatus } from '@kubernetes/client-node';
import type { Environment } from './environment.ts';

/** The label's fault, for `colocated({ fault })`. */
export const playedByTest = 'never-ready';

/** How a pod is, as its kubelet would say it. */
export type PlayedCondition = 'ready' | 'notReady' | 'failed' | 'succeeded' | 'crashLooping';

/** Reports a pod's condition in place of its kubelet. */
export async function playPod(
  environment: Environment,
  name: string,
  condition: PlayedCondition,
): Promise<void> {
  const { core } = environment;
  const pod = await core.readNamespacedPod({ name, namespace: 'default' });
  await environment.connection.send({
    method: 'PATCH',
    path: `/api/v1/namespaces/default/pods/${name}/status`,
    body: { status: statusOf(pod, condition) },
    contentType: 'application/merge-patch+json',
  });
}

/** Makes each pod of a pool Ready that runs, is not Ready and is none of `except` (uids). */
export async function playReady(
  environment: Environment,
  pool: string,
  except: ReadonlySet<string> = new Set(),
): Promise<void> {
  const { items } = await environment.core.listNamespacedPod({
    namespace: 'default',
    labelSelector: `pilotlight.dev/pool=${pool}`,
  });
  for (const { metadata = {}, status } of items) {
    const isRunning = status?.phase === 'Running' && metadata.deletionTimestamp === undefined;
    if (!isRunning || isReady(status) || except.has(metadata.uid ?? '')) continue;
    await playPod(environment, metadata.name ?? '', 'ready');
  }
}

function isReady({ conditions = [] }: V1PodStatus): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function statusOf({ status = {}, spec }: V1Pod, condition: PlayedCondition): object {
  const ready = condition === 'ready';
  const lastTransitionTime = new Date().toISOString();
  const conditions = (status.conditions ?? []).map((known) => {
    if (!['Ready', 'ContainersReady'].includes(known.type)) return known;
    return { type: known.type, status: ready ? 'True' : 'False', lastTransitionTime };
  });
  const phases = { failed: 'Failed', succeeded: 'Succeeded' } as const;
  const isEnd = condition === 'failed' || condition === 'succeeded';
  const containerStatuses = spec?.containers.map(({ name, image = '' }) => ({
    ...{ name, image, imageID: '', ready, started: !isEnd },
    restartCount: condition === 'crashLooping' ? 5 : 0,
    state: stateOf(condition),
  }));
  return { phase: isEnd ? phases[condition] : 'Running', conditions, containerStatuses };
}

function stateOf(condition: PlayedCondition): V1ContainerState {
  switch (condition) {
    case 'ready':
    case 'notReady':
      return { running: {} };
    case 'failed':
      return { terminated: { exitCode: 1, reason: 'Error' } };
    case 'succeeded':
      return { terminated: { exitCode: 0, reason: 'Completed' } };
    case 'crashLooping':
      return { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting' } };
  }
}
