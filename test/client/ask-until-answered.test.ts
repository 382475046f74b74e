import assert from 'node:assert/strict';
import { QueryNotRegisteredError } from '@temporalio/client';
import { askUntilAnswered } from '../../src/client/ask-until-answered.ts';
import { askAgain } from '../../src/workflows/early-news.ts';

/** As the client raises for any query that failed; the code is not looked at. */
function refusedQuery(message: string): QueryNotRegisteredError {
  return Object.assign(
    Object.create(QueryNotRegisteredError.prototype) as QueryNotRegisteredError,
    {
      message,
    },
  );
}

describe('a question to a pool', () => {
  const early = refusedQuery(`Error: ${askAgain}`);

  it('is asked again when a worker was told of too much', async () => {
    let asked = 0;
    const answer = await askUntilAnswered(() => {
      asked += 1;
      return asked < 3 ? Promise.reject(early) : Promise.resolve('well');
    });
    assert.deepEqual([answer, asked], ['well', 3]);
  });

  it('is given up after five times, and at once when it failed for another reason', async () => {
    for (const [error, times] of [
      [early, 5],
      [refusedQuery('Encoded failure'), 5],
      [new Error('no server'), 1],
    ] as const) {
      let asked = 0;
      const fail = (): Promise<never> => {
        asked += 1;
        return Promise.reject(error);
      };
      await assert.rejects(askUntilAnswered(fail), error);
      assert.equal(asked, times);
    }
  });
});
