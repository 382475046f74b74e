/** A release goes out whose workflow cannot go on with the pools there are, and is taken back. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { failedWorkflowTasks } from './failed-workflow-tasks.ts';
import { makeIncompatibleRelease } from './incompatible-release.ts';
import { colocated } from './pod-templates.ts';
import { readPoolHistory } from './pool-history.ts';

/** Bundling the other workflows takes 5 s on two idle cores, far more on busy ones. */
const failsWithinMs = 90_000;

/** A failed task is tried again after its own 10 s, and after ever longer pauses. */
const resumesWithinMs = 90_000;

const isNondeterminism = /NON_DETERMINISTIC_ERROR/;

describe('an incompatible release', function () {
  this.timeout(300_000);
  let environment: Environment;
  let api: ApiReplica;
  let folder: string;

  before(async () => {
    folder = await makeIncompatibleRelease();
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    api = await environment.startApi('api');
  });
  after(async () => {
    await environment.stop();
    await rm(folder, { recursive: true });
  });

  it('S25 stops pools with their state intact: claims go on from warm pods, nothing is deleted, and the next release goes on (P1, P8, P12)', async () => {
    const pool = 'kept';
    const old = await environment.startWorker('old');
    await environment.createPool({ pool, warmTarget: 3, template: colocated() });
    await environment.untilWarm(pool, 3, 60_000);
    await until({
      what: '3 warm pods at the API',
      timeoutMs: 20_000,
      ask: () => api.client.pools(),
      holds: ([known]) => known?.warm === 3,
    });
    await old.stop();
    const wrong = await environment.startWorker('wrong', { sources: join(folder, 'src') });
    const claims = await Promise.all([claim(pool), claim(pool)]);
    assert.ok(claims.every(({ hit }) => hit));
    await until({
      what: 'a workflow task that cannot go on',
      timeoutMs: failsWithinMs,
      ask: async () =>
        failedWorkflowTasks((await readPoolHistory(environment.client, pool)).events),
      holds: (faults) => faults.some((fault) => isNondeterminism.test(fault)),
    });
    claims.push(await claim(pool));
    await environment.recorder.caughtUp();
    const pods = environment.recorder.of(pool);
    assert.equal(pods.length, 3, 'nobody makes pods');
    assert.ok(pods.every(({ isDeleted }) => !isDeleted));
    await wrong.stop();
    await environment.startWorker('mended');
    const { claimed } = await environment.untilWarm(pool, 3, resumesWithinMs);
    assert.equal(claimed, 3);
    assert.equal((await environment.created(pool)).length, 6);
    await checkInvariants({ environment, pools: [pool], brought: isNondeterminism });
  });

  async function claim(pool: string) {
    return api.client.claim(pool, { renews: false, waitSeconds: 0 });
  }
});
