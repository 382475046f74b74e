/** What a route's schema says of errors, for /openapi.json: each is checked where tests see it answered. */
import { problemCodes, type ProblemCode } from '../client/wire/problem-codes.ts';
import { problemMediaType, problemSchema } from '../client/wire/problem.ts';

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

/** A route's schema with the errors that every route may answer, and those of its own, by status. */
export function withProblems<S extends { response: object }>(
  schema: S,
  codes: readonly ProblemCode[] = [],
) {
  const others = problem('An error that any request may be answered; docs/api.md lists the codes.');
  return {
    security: [{ bearer: [] }],
    ...schema,
    response: { ...schema.response, ...ofStatuses(codes), '4xx': others, '5xx': others },
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
