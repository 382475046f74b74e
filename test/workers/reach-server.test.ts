import assert from 'node:assert/strict';
import { reachServer } from '../../src/workers/reach-server.ts';

describe('a server that a process needs at its start', () => {
  // All of a cluster restarted at once: workers ended at the first refused connection, and their
  // keeper brought them back minutes after the servers.
  it('is tried again until it answers', async () => {
    const troubles: unknown[] = [];
    let tries = 0;
    const answer = await reachServer({
      what: 'Temporal',
      deadlineMs: Date.now() + 10_000,
      reach: () => {
        tries += 1;
        return tries < 2 ? Promise.reject(new Error('refused')) : Promise.resolve('here');
      },
      onTrouble: (error) => troubles.push(error),
    });
    assert.equal(answer, 'here');
    assert.equal(tries, 2);
    assert.deepEqual(troubles.map(String), ['Error: refused']);
  });

  it('is given up at the deadline, with its name and its last failure', async () => {
    const refused = new Error('refused');
    const reached = reachServer({
      what: 'Temporal',
      deadlineMs: Date.now() + 500,
      reach: () => Promise.reject(refused),
      onTrouble: () => assert.fail('the last failure is raised'),
    });
    await assert.rejects(reached, {
      message: /^Temporal did not answer in 0 s: .*refused/,
      cause: refused,
    });
  });
});
