import { toKubernetesTime } from './api-object.ts';
import { conditionOf, type Condition, isTerminal, type Pod, type PodStatus } from './pod.ts';
import { faultOf, readyDelayMs } from './played-pod.ts';

/** What the kubelet does next with a pod: report a status now, or look again at that time. */
export type KubeletStep =
  { kind: 'report'; status: PodStatus } | { kind: 'wait'; untilMs: number } | { kind: 'rest' };

interface StepOptions {
  pod: Pod;
  /** When this kubelet, or an earlier life of it, saw the pod on its node. */
  boundAtMs: number;
  nowMs: number;
}

/** Decides the next step for a pod that is bound and not being deleted. Pure. */
export function nextStep({ pod, boundAtMs, nowMs }: StepOptions): KubeletStep {
  if (isTerminal(pod)) return { kind: 'rest' };
  const fault = faultOf(pod.metadata);
  const readyAtMs = boundAtMs + readyDelayMs(pod.metadata);
  const isStarted = pod.status.startTime !== undefined;
  if (nowMs < readyAtMs && fault === undefined) {
    if (isStarted) return { kind: 'wait', untilMs: readyAtMs };
    return { kind: 'report', status: waiting(pod, { reason: 'ContainerCreating' }, nowMs) };
  }
  if (fault !== undefined && isStarted) return { kind: 'rest' };
  switch (fault) {
    case 'image-pull':
      return { kind: 'report', status: waiting(pod, imagePullBackOff(pod), nowMs) };
    case 'crash-loop':
      return { kind: 'report', status: waiting(pod, crashLoopBackOff(pod), nowMs) };
    case 'never-ready':
      return { kind: 'report', status: running({ pod, isReady: false, nowMs }) };
    case undefined:
    default:
      if (conditionOf(pod, 'Ready')?.status === 'True') return { kind: 'rest' };
      return { kind: 'report', status: running({ pod, isReady: true, nowMs }) };
  }
}

interface Waiting {
  reason: string;
  message?: string;
}

function imagePullBackOff(pod: Pod): Waiting {
  const image = pod.spec.containers[0]?.image ?? '';
  const message = `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}": not found`;
  return { reason: 'ImagePullBackOff', message };
}

function crashLoopBackOff(pod: Pod): Waiting {
  const container = pod.spec.containers[0]?.name ?? '';
  const message = `back-off 5m0s restarting failed container=${container} pod=${pod.metadata.name}`;
  return { reason: 'CrashLoopBackOff', message };
}

function conditions(pod: Pod, isReady: boolean, nowMs: number): Condition[] {
  const lastTransitionTime = toKubernetesTime(nowMs);
  const common = { lastProbeTime: null, lastTransitionTime } as const;
  const names = pod.spec.containers.map(({ name }) => name).join(' ');
  const unready = {
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names}]`,
  };
  const scheduled = conditionOf(pod, 'PodScheduled');
  const readiness = (type: string): Condition =>
    isReady
      ? { type, status: 'True', ...common }
      : { type, status: 'False', ...common, ...unready };
  return [
    { type: 'PodReadyToStartContainers', status: 'True', ...common },
    { type: 'Initialized', status: 'True', ...common },
    readiness('Ready'),
    readiness('ContainersReady'),
    ...(scheduled ? [scheduled] : []),
  ];
}

function waiting(pod: Pod, why: Waiting, nowMs: number): PodStatus {
  const isCrashing = why.reason === 'CrashLoopBackOff';
  const finishedAt = toKubernetesTime(nowMs);
  const ended = { exitCode: 1, reason: 'Error', startedAt: finishedAt, finishedAt };
  return {
    ...pod.status,
    phase: isCrashing ? 'Running' : 'Pending',
    startTime: toKubernetesTime(nowMs),
    hostIP: '10.0.0.1',
    conditions: conditions(pod, false, nowMs),
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: false,
      started: false,
      restartCount: isCrashing ? 5 : 0,
      state: { waiting: why },
      lastState: isCrashing ? { terminated: ended } : {},
    })),
  };
}

interface RunningOptions {
  pod: Pod;
  isReady: boolean;
  nowMs: number;
}

function running({ pod, isReady, nowMs }: RunningOptions): PodStatus {
  const startedAt = toKubernetesTime(nowMs);
  const [third, fourth] = pod.metadata.uid.match(/[0-9a-f]{2}/g) ?? [];
  return {
    ...pod.status,
    phase: 'Running',
    startTime: pod.status.startTime ?? startedAt,
    hostIP: '10.0.0.1',
    podIP: `10.244.${parseInt(third ?? '0', 16)}.${parseInt(fourth ?? '1', 16)}`,
    conditions: conditions(pod, isReady, nowMs),
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: isReady,
      started: true,
      restartCount: 0,
      state: { running: { startedAt } },
      lastState: {},
    })),
  };
}
