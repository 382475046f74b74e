/** The shapes of the tests. */
import type { V1PodTemplateSpec } from '@kubernetes/client-node';

/**
 * Small pods on the shared nodes: with a fault to play, a time to become Ready (like `20s`), or a time
 * after which they leave a lost node (else Kubernetes' own 300 s).
 */
export function colocated(
  options: { fault?: string; readyDelay?: string; leaveLostNodeSeconds?: number } = {},
): V1PodTemplateSpec {
  const { fault, readyDelay, leaveLostNodeSeconds } = options;
  return {
    metadata: {
      labels: fault === undefined ? {} : { 'sim.pilotlight.example/fault': fault },
      annotations:
        readyDelay === undefined ? {} : { 'sim.pilotlight.example/ready-delay': readyDelay },
    },
    spec: {
      nodeSelector: { 'pilotlight.example/nodes': 'shared' },
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: 'example/worker:1',
          resources: { requests: { cpu: '100m', memory: '64Mi' } },
        },
      ],
      ...(leaveLostNodeSeconds === undefined
        ? {}
        : { tolerations: lostNodeTolerations(leaveLostNodeSeconds) }),
    },
  };
}

function lostNodeTolerations(
  tolerationSeconds: number,
): NonNullable<NonNullable<V1PodTemplateSpec['spec']>['tolerations']> {
  return ['not-ready', 'unreachable'].map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds,
  }));
}

/** Large pods, each on a node of its own, which comes late; they leave a lost one after a time, if given. */
export function exclusive(options: { leaveLostNodeSeconds?: number } = {}): V1PodTemplateSpec {
  const { leaveLostNodeSeconds } = options;
  return {
    metadata: { labels: { shape: 'exclusive' } },
    spec: {
      nodeSelector: { 'pilotlight.example/nodes': 'exclusive' },
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: { matchLabels: { shape: 'exclusive' } },
            },
          ],
        },
      },
      containers: [
        {
          name: 'main',
          image: 'example/worker:1',
          resources: { requests: { cpu: '46', memory: '360Gi' } },
        },
      ],
      ...(leaveLostNodeSeconds === undefined
        ? {}
        : { tolerations: lostNodeTolerations(leaveLostNodeSeconds) }),
    },
  };
}
