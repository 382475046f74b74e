import { problemMediaType, problemSchema } from '../client/wire/problem.ts';

const problem = {
  description: 'An error; docs/api.md lists the codes.',
  content: { [problemMediaType]: { schema: problemSchema } },
};

/** A route's schema with the errors that every route may answer. */
export function withProblems<S extends { response: object }>(schema: S) {
  return {
    security: [{ bearer: [] }],
    ...schema,
    response: { ...schema.response, '4xx': problem, '5xx': problem },
  };
}
