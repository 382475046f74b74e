/** The shapes of the tests. */
import type { V1PodTemplateSpec } from '@kubernetes/client-node';

/** Small pods on the shared nodes. */
export function colocated(labels: Record<string, string> = {}): V1PodTemplateSpec {
  return {
    metadata: { labels },
    spec: {
      nodeSelector: { 'pilotlight.example/nodes': 'shared' },
      containers: [
        {
          name: 'main',
          image: 'example/worker:1',
          resources: { requests: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    },
  };
}

/** Large pods, each on a node of its own, which comes late. */
export function exclusive(): V1PodTemplateSpec {
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
    },
  };
}
