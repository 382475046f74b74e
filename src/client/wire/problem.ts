/** What every error is answered with: RFC 9457, with a stable `code`. */
import type { Static } from 'typebox';
import { problemCodes, type ProblemCode } from './problem-codes.ts';
import { Type } from './schema.ts';

/** The media type of every error. */
export const problemMediaType = 'application/problem+json';

/** A pool that a claim by shape and image could have meant. */
const poolCandidate = Type.Object({
  pool: Type.String(),
  shape: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  image: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
});

/** A pool that a claim by shape and image could have meant. */
export type PoolCandidate = Static<typeof poolCandidate>;

/** The body of an error. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'A URN that ends in the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'One sentence a person can act on.' }),
    code: Type.Unsafe<ProblemCode>({ type: 'string', enum: Object.keys(problemCodes) }),
    field: Type.Optional(Type.String({ description: 'What is wrong in the request.' })),
    expected: Type.Optional(Type.String()),
    given: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(Type.String(), { description: 'Everything wrong with a pool document.' }),
    ),
    candidates: Type.Optional(
      Type.Array(poolCandidate, {
        description:
          'The first 20 pools that have the shape and image of a claim; all when none has.',
      }),
    ),
    retryAfterSeconds: Type.Optional(
      Type.Number({ description: 'As in Retry-After, and finer than whole seconds.' }),
    ),
    requestId: Type.Optional(Type.String({ description: 'Finds the request in the log.' })),
  },
  { description: 'An error.' },
);

/** An error as the API answers it. */
export type Problem = Static<typeof problemSchema>;
