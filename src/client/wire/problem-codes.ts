/**
 * Every code that the API answers with, its status and what it means. Programs branch on codes, so
 * none is renamed; docs/api.md shows this table.
 */

interface ProblemMeaning {
  /** HTTP status. */
  status: number;
  title: string;
  /** When it is answered and what to do, in one sentence. */
  meaning: string;
}

/** The table. Whether a Retry-After comes with it is in the meaning. */
export const problemCodes = {
  badRequest: {
    status: 400,
    title: 'Bad request',
    meaning: 'The request breaks the schema; the detail names field, expected and given.',
  },
  leaseNotAllowed: {
    status: 400,
    title: 'Lease not allowed',
    meaning: "The lease is longer than the pool's claim.maxLeaseSeconds.",
  },
  unauthorized: {
    status: 401,
    title: 'Unauthorized',
    meaning: 'The bearer token is missing or unknown.',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    meaning: "The token's role or its list of pools does not allow this.",
  },
  notFound: { status: 404, title: 'Not found', meaning: 'There is nothing at this path.' },
  unknownPool: {
    status: 404,
    title: 'Unknown pool',
    meaning: 'There is no such pool; GET /v1/pools lists them.',
  },
  noSuchShape: {
    status: 404,
    title: 'No such shape',
    meaning: 'No pool has this shape and image; the detail lists those that there are.',
  },
  claimNotFound: {
    status: 404,
    title: 'Claim not found',
    meaning: 'No pod carries this claim: it was never granted, or it ended.',
  },
  methodNotAllowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path takes other methods; Allow names them.',
  },
  requestTimeout: {
    status: 408,
    title: 'Request timeout',
    meaning: 'The request did not arrive in full in time.',
  },
  ambiguousShape: {
    status: 409,
    title: 'Ambiguous shape',
    meaning: 'Several pools have this shape and image; the detail lists them.',
  },
  claimIdInUse: {
    status: 409,
    title: 'ClaimId in use',
    meaning: 'The claimId belongs to a claim of another pool.',
  },
  poolDraining: {
    status: 409,
    title: 'Pool draining',
    meaning: 'The pool is being ended and takes no new claims.',
  },
  poolRefused: {
    status: 409,
    title: 'Refused by the pool',
    meaning: 'The pool refuses what was asked, like a target above its maxPods.',
  },
  claimLost: {
    status: 410,
    title: 'Claim lost',
    meaning: 'The pod of the claim failed, was deleted or was taken by its lease: claim anew.',
  },
  claimEnded: {
    status: 410,
    title: 'Claim ended',
    meaning: 'The claim was released: a claimId is not used twice.',
  },
  payloadTooLarge: {
    status: 413,
    title: 'Body too large',
    meaning: 'The body is longer than the route takes.',
  },
  uriTooLong: {
    status: 414,
    title: 'URL too long',
    meaning: 'The URL is longer than 2,048 bytes.',
  },
  unsupportedMediaType: {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'Bodies are application/json; a pool document may be application/yaml.',
  },
  tooManyWaiting: {
    status: 429,
    title: 'Too many waiting',
    meaning: 'The line for the pool, or of this replica, is full: come back after Retry-After.',
  },
  headersTooLarge: {
    status: 431,
    title: 'Headers too large',
    meaning: 'Request line and headers are longer than 16 KiB.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    meaning: 'A fault of ours; the log has it under the request id.',
  },
  poolMiss: {
    status: 503,
    title: 'No warm pod',
    meaning: 'No pod became warm within waitSeconds; Retry-After is an estimate.',
  },
  shuttingDown: {
    status: 503,
    title: 'Shutting down',
    meaning: 'This replica ends: ask again, which reaches another one.',
  },
  clusterUnavailable: {
    status: 503,
    title: 'Cluster unavailable',
    meaning: 'The Kubernetes API server does not answer: come back after Retry-After.',
  },
  temporalUnavailable: {
    status: 503,
    title: 'Temporal unavailable',
    meaning: 'What was asked needs Temporal, which does not answer; claims go on without it.',
  },
  poolUnanswered: {
    status: 503,
    title: 'Pool unanswered',
    meaning: "The pool's workflow did not answer in time: check that a worker runs.",
  },
} as const satisfies Record<string, ProblemMeaning>;

/** A stable name of what went wrong. */
export type ProblemCode = keyof typeof problemCodes;
