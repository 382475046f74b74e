/**
 * What a route's schema says of errors, for /openapi.json: each is checked where tests see it answered.
 *
 * It is added to the schemas when the document is asked for. Errors are written by answer-errors.ts, and
 * a schema of an answer that the server knows from the start is compiled then: 60 of them, one for each
 * status of each route, took 30 ms of the start of a replica.
 */
import type { FastifySchema } from 'fastify';
import { problemCodes, type ProblemCode } from '../client/wire/problem-codes.ts';
import { problemMediaType, problemSchema } from '../client/wire/problem.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** The codes of its own that a route may answer, beside those of all. */
    problems?: readonly ProblemCode[];
  }
}

/** What any request may be answered, whatever it asks for. */
export const commonProblems: readonly ProblemCode[] = [
  'badRequest',
  'unauthorized',
  'forbidden',
  'requestTimeout',
  'payloadTooLarge',
  'uriTooLong',
  'unsupportedMediaType',
  'headersTooLarge',
  'internal',
];

/** A route's schema with the codes of the errors of its own. */
export function withProblems<S extends { response: object }>(
  schema: S,
  codes: readonly ProblemCode[] = [],
) {
  return { security: [{ bearer: [] }], ...schema, problems: codes };
}

/** A schema as the document shows it: with the errors that any route, and this one, may answer. */
export function describeProblems({ problems, ...schema }: FastifySchema): FastifySchema {
  if (problems === undefined) return schema;
  const others = problem('An error that any request may be answered; docs/api.md lists the codes.');
  const answers = schema.response ?? {};
  return {
    ...schema,
    response: { ...answers, ...ofStatuses(problems), '4xx': others, '5xx': others },
  };
}

/** An answer for each status that the codes have. */
function ofStatuses(codes: readonly ProblemCode[]): object {
  const statuses = new Set(codes.map((code) => problemCodes[code].status));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const ofStatus = [...codes, ...commonProblems].filter(
        (code) => problemCodes[code].status === status,
      );
      return [status, problem(ofStatus.map((code) => `\`${code}\``).join(', '))];
    }),
  );
}

function problem(description: string) {
  return { description, content: { [problemMediaType]: { schema: problemSchema } } };
}
