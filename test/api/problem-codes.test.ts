import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { ApplyError } from '../../src/apply/apply-pools.ts';
import { DocumentError } from '../../src/apply/read-documents.ts';
import { ApiError, toApiError, toProblem } from '../../src/api/problems.ts';
import { ClaimError } from '../../src/claims/claim-error.ts';
import { PoolError, type PoolErrorCode } from '../../src/client/pool-error.ts';
import { problemCodes, type ProblemCode } from '../../src/client/wire/problem-codes.ts';
import { KubernetesError } from '../../src/kubernetes/kubernetes-error.ts';

const docs = new URL('../../docs/api.md', import.meta.url);

describe('problems', () => {
  it('are all in docs/api.md, with status and meaning, and no others', async () => {
    const table = (await readFile(docs, 'utf8')).match(/^\| `\w+` \| \d{3} \| .* \|$/gm);
    const expected = Object.entries(problemCodes).map(
      ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
    );
    assert.deepEqual(table, expected);
  });

  const unavailable = new KubernetesError('no answer', { kind: 'unavailable' });
  const errors: [string, unknown, ProblemCode, number | null][] = [
    ['a claim error', new ClaimError('poolMiss', 'x', { retryAfterSeconds: 3 }), 'poolMiss', 3],
    ['a claim error without advice', new ClaimError('claimLost', 'x'), 'claimLost', null],
    ['a document that is wrong', new DocumentError('x'), 'badRequest', null],
    ['a pod that is refused', new ApplyError('x'), 'badRequest', null],
    [
      'a cluster that is away',
      new ApplyError('x', { cause: unavailable }),
      'clusterUnavailable',
      5,
    ],
    ['a call to a cluster that is away', unavailable, 'clusterUnavailable', 5],
    [
      'a cluster that asks for patience',
      new KubernetesError('x', { kind: 'throttled', retryAfterMs: 2_000 }),
      'clusterUnavailable',
      2,
    ],
    ['a fault of ours', new TypeError('x'), 'internal', null],
    ['something thrown that is no error', 'x', 'internal', null],
    ...(
      [
        ['notFound', 'unknownPool', null],
        ['refused', 'poolRefused', null],
        ['unanswered', 'poolUnanswered', 1],
        ['unreachable', 'temporalUnavailable', 5],
      ] satisfies [PoolErrorCode, ProblemCode, number | null][]
    ).map(([from, code, retry]): [string, unknown, ProblemCode, number | null] => [
      `a pool error ${from}`,
      new PoolError(from, 'x'),
      code,
      retry,
    ]),
  ];
  for (const [what, raised, code, retryAfterSeconds] of errors) {
    it(`say ${code} of ${what}`, () => {
      const error = toApiError(raised);
      assert.deepEqual([error.code, error.retryAfterSeconds], [code, retryAfterSeconds]);
      assert.equal(toProblem(error).status, problemCodes[code].status);
    });
  }

  it('name the first error of a document in the sentence, and list at most 50', () => {
    const lines = Array.from({ length: 60 }, (_, index) => `body:${index}: wrong`);
    const problem = toProblem(toApiError(new DocumentError(lines.join('\n'))));
    assert.equal(problem.detail, 'body:0: wrong (one of 60 errors)');
    assert.deepEqual(problem.errors, lines.slice(0, 50));
  });

  it('pass an error of the API through', () => {
    const error = new ApiError('forbidden', 'No.');
    assert.equal(toApiError(error), error);
  });
});
