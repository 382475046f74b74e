import type { V1Pod } from '@kubernetes/client-node';
import { template } from './stage.ts';

/** A pod of the floor: the one that our template gives, under labels of its own. */
export function barePod(name: string, labels: Record<string, string>): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { ...template.metadata?.labels, ...labels },
      // One, because a JSON patch can add to annotations only where there are some.
      annotations: { bench: 'floor' },
    },
    ...(template.spec ? { spec: template.spec } : {}),
  };
}
