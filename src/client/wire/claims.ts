/**
 * Claims on the wire: the one source of the API's validation, its types and /openapi.json, and of
 * the client's types. `x-expected` is what an error says was expected.
 */
import type { Static } from 'typebox';
import { specLimits } from '../../pool/spec.ts';
import { claimAnnotations, claimLabels } from './metadata.ts';
import { chosenClaimId, claimId, line, poolName } from './names.ts';
import { Type } from './schema.ts';

/** Longest wait in line: proxies and load balancers commonly cut a silent request after minutes. */
const maxWaitSeconds = 300;

/** Longest lease of all; each pool has a maximum of its own. */
const maxLeaseSeconds = specLimits['claim.maxLeaseSeconds'].max;

const leaseSeconds = Type.Integer({
  minimum: 1,
  maximum: maxLeaseSeconds,
  'x-expected': `a whole number of seconds from 1 to ${maxLeaseSeconds}`,
  description: "Lease in seconds; the pool's own when it is left out.",
});

const object = { additionalProperties: false, 'x-expected': 'a mapping' };

/** The path of a pool. */
export const poolParams = Type.Object({ pool: poolName }, object);

/** The path of a claim. */
export const claimParams = Type.Object({ claimId }, object);

/** The body of `POST /v1/pools/{pool}/claims`. */
export const claimBody = Type.Object(
  {
    claimId: Type.Optional(chosenClaimId),
    waitSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: maxWaitSeconds,
        'x-expected': `a whole number of seconds from 0 to ${maxWaitSeconds}`,
        description: 'How long to wait for a pod when none is warm; 0, the default: not at all.',
      }),
    ),
    leaseSeconds: Type.Optional(leaseSeconds),
    holder: Type.Optional(line('Who holds the pod, for people.')),
    labels: Type.Optional(claimLabels),
    annotations: Type.Optional(claimAnnotations),
  },
  object,
);

const kind = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: 253,
    pattern: '^[!-~]+$',
    'x-expected': '1 to 253 printable characters without spaces',
    description,
  });

/** The body of `POST /v1/claims`: a claim that names the kind of pod instead of the pool. */
export const shapeClaimBody = Type.Object(
  {
    ...claimBody.properties,
    shape: Type.Optional(kind("The pool's label pilotlight.dev/shape.")),
    image: Type.Optional(kind("The pool's image: its label pilotlight.dev/image.")),
  },
  object,
);

/** What a claim may say; the body of `POST /v1/pools/{pool}/claims`. */
export type ClaimBody = Static<typeof claimBody>;

/** The body of `POST /v1/claims/{claimId}/renew`. */
export const renewBody = Type.Object({ leaseSeconds: Type.Optional(leaseSeconds) }, object);

/** The query of `DELETE /v1/claims/{claimId}`. */
export const releaseQuery = Type.Object(
  {
    reason: Type.Optional(
      line('Why the pod is given back; `unhealthy` is counted and shown by the pool.'),
    ),
  },
  object,
);

/** The query of `GET /v1/claims`. */
export const claimsQuery = Type.Object({ pool: Type.Optional(poolName) }, object);

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });

/** The pod of a claim. */
const claimedPod = Type.Object({
  name: Type.String(),
  namespace: Type.String(),
  uid: Type.String(),
  ip: nullableText,
  node: nullableText,
});

/** The time limit of a claim. */
const lease = Type.Object({
  expiresAt: Type.String({ description: 'RFC 3339; the pod is retired a little later.' }),
  seconds: Type.Integer({ description: 'Its length, as it was last granted.' }),
});

const nullableLease = Type.Union([lease, Type.Null()]);

/** The answer to a claim and to a renewal. */
export const claimAnswer = Type.Object({
  claimId: Type.String(),
  pool: Type.String(),
  hit: Type.Boolean({ description: 'The pod was warm when the claim came.' }),
  waitedMs: Type.Number({ description: 'Time in line, in milliseconds.' }),
  pod: claimedPod,
  lease: nullableLease,
});

/** A claim that was granted. */
export type ClaimAnswer = Static<typeof claimAnswer>;

/** What is known of a claim. */
export const claimStateAnswer = Type.Object({
  claimId: Type.String(),
  pool: Type.String(),
  state: Type.Unsafe<'held' | 'lost'>({ type: 'string', enum: ['held', 'lost'] }),
  holder: nullableText,
  claimedAt: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'RFC 3339.' }),
  lost: Type.Union([Type.Object({ reason: Type.String(), message: Type.String() }), Type.Null()]),
  pod: claimedPod,
  lease: nullableLease,
});

/** A claim as `GET /v1/claims/{claimId}` shows it. */
export type ClaimStateAnswer = Static<typeof claimStateAnswer>;

/** Claims listed at most in one answer, by claimId. */
export const maxListedClaims = 5_000;

/** The answer of `GET /v1/claims`. */
export const claimsAnswer = Type.Object({
  claims: Type.Array(claimStateAnswer),
  truncated: Type.Boolean({
    description: `More than ${maxListedClaims} claims; ask for one pool.`,
  }),
});

/** The answer to a release. */
export const releasedAnswer = Type.Object({
  claimId: Type.String(),
  pool: Type.String(),
  reason: nullableText,
  hadEnded: Type.Boolean({ description: 'It had ended before; this release changed nothing.' }),
});

/** What a release answers. */
export type ReleasedAnswer = Static<typeof releasedAnswer>;
