/** Pools on the wire, as their cards and the replica's cache tell. */
import type { Static } from 'typebox';
import { specLimits } from '../../pool/spec.ts';
import { poolName } from './names.ts';
import { Type } from './schema.ts';

/** A pool as `GET /v1/pools` shows it. */
export const poolAnswer = Type.Object({
  pool: Type.String(),
  namespace: Type.String(),
  phase: Type.String({ description: 'As the pool last said; it changes seldom.' }),
  why: Type.String({ description: 'Why it is in this phase, in one sentence; may be empty.' }),
  target: Type.Integer({ description: 'Warm pods wanted.' }),
  warm: Type.Integer({ description: 'Pods that can be claimed now, as this replica sees them.' }),
  pending: Type.Integer({ description: 'Unclaimed pods that are not Ready.' }),
  claimed: Type.Integer(),
  terminating: Type.Integer({ description: 'Pods that are being deleted.' }),
  stale: Type.Integer({ description: 'Unclaimed pods of an older template.' }),
  waiting: Type.Integer({ description: 'Claims in line at this replica.' }),
  acceptsClaims: Type.Boolean({ description: 'False once the pool drains.' }),
  claim: Type.Object({
    leaseSeconds: Type.Integer({ description: '0: claims have no lease.' }),
    maxLeaseSeconds: Type.Integer(),
  }),
  templateHash: Type.String(),
  labels: Type.Record(Type.String(), Type.String(), {
    description: 'What kind of pod it holds: claims by shape and image look for them.',
  }),
  startSecondsEstimate: Type.Unsafe<number | null>({
    type: ['number', 'null'],
    description: 'How long a pod takes to start, lately; null before the first.',
  }),
});

/** A pool as `GET /v1/pools` shows it. */
export type PoolAnswer = Static<typeof poolAnswer>;

/** The answer of `GET /v1/pools`. */
export const poolsAnswer = Type.Object({ pools: Type.Array(poolAnswer) });

/** A field of a pool's spec, with its limits. */
const setting = (field: keyof typeof specLimits) => {
  const { min, max, default: byDefault, reason } = specLimits[field];
  const options = { minimum: min, maximum: max, description: reason };
  return byDefault === null
    ? Type.Integer(options)
    : Type.Optional(Type.Integer({ ...options, default: byDefault }));
};

/** Fields of a spec that have a section of their own, like `claim.leaseSeconds`. */
const section = (name: string) => {
  const fields = keysOf(specLimits).filter((field) => field.startsWith(`${name}.`));
  const entries = fields.map((field) => [field.slice(name.length + 1), setting(field)] as const);
  return Type.Optional(Type.Object(Object.fromEntries(entries)));
};

/**
 * The body of `PUT /v1/pools/{pool}` as it is described: what checks it is the reader of documents,
 * which names every error, in YAML too.
 */
export const poolDocument = Type.Object({
  apiVersion: Type.Literal('pilotlight.dev/v1alpha1'),
  kind: Type.Literal('WarmPool'),
  metadata: Type.Object({
    name: poolName,
    namespace: Type.Optional(Type.String({ description: 'The one that the API serves.' })),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'What kind of pod it holds; claims by shape and image look for them.',
      }),
    ),
  }),
  spec: Type.Object({
    ...Object.fromEntries(
      keysOf(specLimits)
        .filter((field) => !field.includes('.'))
        .map((field) => [field, setting(field)]),
    ),
    claim: section('claim'),
    rollout: section('rollout'),
    failure: section('failure'),
    template: Type.Unsafe({
      type: 'object',
      description: 'A pod template of Kubernetes: metadata.labels, metadata.annotations, spec.',
    }),
  }),
});

function keysOf<T extends object>(value: T): (keyof T & string)[] {
  return Object.keys(value) as (keyof T & string)[];
}

/** The body of `PUT /v1/pools/{pool}/target`. */
export const targetBody = Type.Object(
  {
    target: Type.Integer({
      minimum: specLimits.warmTarget.min,
      maximum: specLimits.warmTarget.max,
      'x-expected': `a whole number from ${specLimits.warmTarget.min} to ${specLimits.warmTarget.max}`,
      description: 'Warm pods wanted, at most the maxPods of the pool.',
    }),
  },
  { additionalProperties: false, 'x-expected': 'a mapping' },
);

/** The answer of `PUT /v1/pools/{pool}/target`. */
export const targetAnswer = Type.Object({ pool: Type.String(), target: Type.Integer() });

/** The answer of `PUT /v1/pools/{pool}`. */
export const appliedAnswer = Type.Object({
  pool: Type.String(),
  namespace: Type.String(),
  change: Type.Unsafe<'created' | 'updated'>({ type: 'string', enum: ['created', 'updated'] }),
});

/** The answer of `DELETE /v1/pools/{pool}`. */
export const drainingAnswer = Type.Object({
  pool: Type.String(),
  draining: Type.Literal(true),
});
