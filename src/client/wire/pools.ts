/** Pools on the wire, as their cards and the replica's cache tell. */
import Type, { type Static } from 'typebox';
import { specLimits } from '../../pool/spec.ts';

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
