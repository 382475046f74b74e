import { stringify } from 'yaml';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { imageLabel } from './document-labels.ts';
import type { PoolLabels } from '../pool/pool-labels.ts';
import type { PoolSpec } from '../pool/pool-spec.ts';
import type { PoolSettings } from '../pool/spec.ts';

/**
 * The document of a running pool, as YAML that can be applied again. Its template is the stored one,
 * so it shows the defaults that the API server has filled in.
 */
export function toDocument(options: {
  pool: string;
  namespace: string;
  spec: PoolSpec;
  labels: PoolLabels;
  template: V1PodTemplateSpec;
}): string {
  const { pool, namespace, spec, labels: poolLabels, template } = options;
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  // What `apply` adds by itself must not outlive a change of the image.
  const added = imageLabel({ spec: { containers: template.spec?.containers } });
  const own = Object.fromEntries(
    Object.entries(poolLabels).filter(([key, value]) => added[key] !== value),
  );
  return stringify({
    apiVersion: 'pilotlight.dev/v1alpha1',
    kind: 'WarmPool',
    metadata: { name: pool, namespace, labels: own },
    spec: {
      ...settingsOf(spec),
      template: { metadata: { labels, annotations }, spec: template.spec },
    },
  });
}

/** The hash belongs to the template beside it. */
function settingsOf(spec: PoolSpec): PoolSettings {
  return Object.fromEntries(
    Object.entries(spec).filter(([name]) => name !== 'templateHash'),
  ) as unknown as PoolSettings;
}
