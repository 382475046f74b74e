/** Labels and annotations that a caller puts on the pod it claims: Kubernetes' syntax, our limits. */
import { labels, reservedPrefix } from '../../pool/labels.ts';
import { Type } from './schema.ts';

/** A caller's keys at most: every watcher of the pods carries them. */
const maxMetadataKeys = 16;

/** Longest value of an annotation: 16 of them stay far below the 256 KiB that Kubernetes allows. */
const maxAnnotationLength = 1_024;

/**
 * Keys that the claim itself writes. Karpenter's and the cluster autoscaler's protect a claimed pod
 * from being moved; a caller that wants its pod evicted releases it.
 */
const reservedKeys = [
  labels.managedBy,
  'karpenter.sh/do-not-disrupt',
  'cluster-autoscaler.kubernetes.io/safe-to-evict',
] as const;

const dnsLabel = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const name = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const escaped = (text: string): string => text.replaceAll('.', '\\.').replaceAll('/', '\\/');
const reserved = [...reservedKeys.map((key) => `${escaped(key)}$`), escaped(reservedPrefix)];

/** An optional DNS prefix of at most 253 characters and a name of at most 63, none of them ours. */
const keyPattern =
  `^(?!${reserved.join('|')})(?=[^/]{1,253}\\/|[^/]+$)` +
  `(${dnsLabel}(\\.${dnsLabel})*\\/)?${name}$`;

const keys = {
  propertyNames: Type.String({
    maxLength: 317,
    pattern: keyPattern,
    'x-expected':
      'a mapping whose keys are like app or example.com/app and are not written by Pilotlight itself',
  }),
  maxProperties: maxMetadataKeys,
};

/** Labels for the claimed pod. */
export const claimLabels = Type.Record(
  Type.String(),
  Type.String({
    maxLength: 63,
    pattern: '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$',
    'x-expected':
      'at most 63 letters, digits, dots, dashes and underscores, as Kubernetes wants it',
  }),
  {
    ...keys,
    'x-expected': `a mapping of at most ${maxMetadataKeys} labels`,
    description: 'Labels for the claimed pod.',
  },
);

/** Annotations for the claimed pod. */
export const claimAnnotations = Type.Record(
  Type.String(),
  Type.String({
    maxLength: maxAnnotationLength,
    pattern: '^[^\\p{Cs}\\u0000]*$',
    'x-expected': `text of at most ${maxAnnotationLength} characters without NUL`,
  }),
  {
    ...keys,
    'x-expected': `a mapping of at most ${maxMetadataKeys} annotations`,
    description: 'Annotations for the claimed pod.',
  },
);
