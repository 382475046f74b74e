/** What people ask of a pool: pause, resume, drain, delete, gc, events, by the real command line. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { applyDocuments, type WrittenPool } from './apply-documents.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { readSummaries } from './pool-history.ts';
import { runCli } from './run-cli.ts';
import { findWorkflows, readSavedQueries } from './saved-queries.ts';

describe('the operations of a pool', function () {
  this.timeout(180_000);
  let environment: Environment;
  let api: ApiReplica;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    await environment.startWorker('worker');
    api = await environment.startApi('api');
  });
  after(() => environment.stop());

  const untilStatus = (
    pool: string,
    what: string,
    holds: (status: PoolStatus) => boolean,
  ): Promise<PoolStatus> =>
    until({ what, timeoutMs: 60_000, ask: () => environment.status(pool), holds });
  const cli = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCli({ environment, args });
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };
  const claim = async (pool: string) => {
    await until({
      what: `pool ${pool} at the API`,
      timeoutMs: 20_000,
      ask: () => api.client.pools(),
      holds: (pools) => pools.some((known) => known.pool === pool && known.warm > 0),
    });
    return api.client.claim(pool, { renews: false, waitSeconds: 30 });
  };
  const untilLeft = (pool: string, uids: string[]): Promise<string[]> =>
    until({
      what: `only ${uids.length} pods left of ${pool}`,
      timeoutMs: 20_000,
      ask: () => Promise.resolve(live(pool)),
      holds: (left) => left.join() === uids.join(),
    });
  const live = (pool: string): string[] =>
    environment.recorder
      .of(pool)
      .filter(({ isDeleted }) => !isDeleted)
      .map(({ uid }) => uid);

  it('start and retire nothing while paused, while claims go on', async () => {
    const pool = 'pauses';
    await environment.createPool({ pool, warmTarget: 3, template: colocated() });
    await environment.untilWarm(pool, 3, 60_000);
    assert.equal(await cli('pause', pool), `pool ${pool} paused`);
    await untilStatus(pool, 'a pause', ({ phase }) => phase === 'Paused');
    const held = await claim(pool);
    await cli('scale', pool, '0');
    await sleep(3_000);
    await api.client.release(held.claimId);
    await untilStatus(pool, 'a release', ({ warm, claimed }) => warm === 2 && claimed === 0);
    assert.equal((await environment.created(pool)).length, 3);
    await cli('scale', pool, '4');
    await sleep(3_000);
    assert.equal((await environment.created(pool)).length, 3);
    assert.equal(await cli('resume', pool), `pool ${pool} resumed`);
    await environment.untilWarm(pool, 4, 60_000);
    await checkInvariants({ environment, pools: [pool], released: new Set([held.pod.uid]) });
  });

  it('S58 drain a pool with a claim that never ends: it is left to its holder, and taken in by the next pool of the name (P3, P12)', async () => {
    const pool = 'drains';
    await environment.createPool({ pool, warmTarget: 2, template: colocated(), leaseSeconds: 0 });
    await environment.untilWarm(pool, 2, 60_000);
    const held = await claim(pool);
    const said = await cli('drain', pool, '--deadline', '5s', '--wait');
    assert.equal(said, `pool ${pool} drained; 1 claimed pods are left to their holders`);
    await untilLeft(pool, [held.pod.uid]);
    assert.match(await cli('gc'), new RegExp(`pod +${held.pod.name} +${pool} +yes`));
    assert.match(await cli('gc', '--yes'), /kept: it is claimed/);

    await environment.createPool({ pool, warmTarget: 2, template: colocated() });
    const status = await untilStatus(pool, 'a full pool', ({ warm }) => warm === 2);
    assert.equal(status.claimed, 1);
    assert.doesNotMatch(await cli('gc'), new RegExp(held.pod.name));
    await api.client.release(held.claimId);
    await untilStatus(pool, 'a release', ({ claimed }) => claimed === 0);
    const released = new Set([held.pod.uid]);
    await checkInvariants({ environment, pools: [pool], released, lives: 2 });
  });

  it('collect what a pool that is lost has left, claimed pods only when asked to', async () => {
    const pool = 'orphans';
    await environment.createPool({ pool, warmTarget: 2, template: colocated() });
    await environment.untilWarm(pool, 2, 60_000);
    const held = await claim(pool);
    await untilStatus(pool, 'a refill', ({ warm, claimed }) => warm === 2 && claimed === 1);
    await environment.client.workflow.getHandle(poolWorkflowId(pool)).terminate('lost');
    const listed = await cli('gc');
    assert.equal(listed.split('\n').filter((line) => line.startsWith('pod ')).length, 3);
    assert.match(listed, /Nothing was deleted/);
    await cli('gc', '--yes');
    await untilLeft(pool, [held.pod.uid]);
    await cli('gc', '--yes', '--claimed');
    await untilLeft(pool, []);
  });

  it('tell the story of a pool, its end included', async () => {
    const pool = 'told';
    await environment.createPool({ pool, warmTarget: 1, template: colocated() });
    await environment.untilWarm(pool, 1, 60_000);
    const held = await claim(pool);
    await untilStatus(pool, 'a claim', ({ claimed }) => claimed === 1);
    await cli('scale', pool, '2');
    await environment.untilWarm(pool, 2, 60_000);
    assert.match(await cli('describe', 'pool', pool), /^Target set: +1 to 2 at \S+Z by \S+@\S+$/m);
    await api.client.release(held.claimId);
    await untilStatus(pool, 'a release', ({ claimed, warm }) => claimed === 0 && warm === 2);
    assert.match(await cli('top'), new RegExp(`^${pool} +Steady +2 +2 `, 'm'));
    assert.match(await cli('delete', 'pool', pool), /^pool told deleted$/);
    const story = await cli('events', pool);
    const first = `${pool}-0`;
    for (const expected of [
      /created: target 1, template e2e/,
      new RegExp(`${first} +spawn started`),
      new RegExp(`${first} +Ready after \\d+s`),
      new RegExp(`${first} +claimed, warm for \\d+s`),
      new RegExp(`${first} +released after \\d+s`),
      /setTarget .*2.* +\S+@\S+ \(pilotlight\)/,
      /drain {} +\S+@\S+ \(pilotlight\)/,
      /retired: drain, after/,
      /ended/,
    ]) {
      assert.match(story, expected);
    }
  });

  // A pool that was terminated while Degraded, and applied again, was found twice.
  it('are found by the queries that the documents give people to save, and no other run is', async () => {
    const handle = (pool: string) => environment.client.workflow.getHandle(poolWorkflowId(pool));
    const written = (pool: string, warmTarget: number, template = colocated()): WrittenPool => ({
      pool,
      settings: { warmTarget, maxPods: 1 },
      template,
    });
    const usedUp = written('used-up', 1);
    await applyDocuments(environment, [
      ...[usedUp, written('small', 0), written('paused', 0)],
      written('slow', 1, colocated({ readyDelay: '120s' })),
    ]);
    const pools = ['used-up', 'small', 'paused', 'slow'].map(poolWorkflowId);
    const untilFound = (query: string, expected: string[]) =>
      until({
        what: `${expected.join()} by ${query}`,
        timeoutMs: 15_000,
        // Those of other tests have phases of their own.
        ask: async () =>
          (await findWorkflows(environment.client, query)).filter((id) => pools.includes(id)),
        holds: (found) => found.join() === expected.map(poolWorkflowId).join(),
      });
    await handle('paused').signal('pause');
    await handle('small').signal('drain');
    const held = await claim('used-up');
    await untilFound('PoolState="Degraded"', ['used-up']);
    await handle('used-up').terminate('lost');
    await untilFound('PoolName="small" AND ExecutionStatus="Completed"', ['small']);
    await applyDocuments(environment, [usedUp, written('small', 1)]);
    await environment.untilWarm('small', 1, 20_000);
    // The run that has ended and the one in its place: only now do the queries have both to choose from.
    await untilFound('PoolState="Degraded"', ['used-up', 'used-up']);

    const { queries, linked } = readSavedQueries();
    const expected: Record<string, string[]> = {
      'all pools': ['paused', 'slow', 'small', 'used-up'],
      'pools that need somebody': ['used-up'],
      'pools that somebody paused': ['paused'],
      'empty pools': ['slow', 'used-up'],
      'pools below target': ['slow', 'used-up'],
      'one pool, with its earlier runs': ['small', 'small'],
    };
    assert.deepEqual(Object.keys(queries), Object.keys(expected));
    assert.ok(Object.values(queries).includes(linked), linked);
    for (const [question, query] of Object.entries(queries)) {
      await untilFound(query, expected[question] ?? []);
    }
    await api.client.release(held.claimId);
  });

  it('say in Temporal what they are and what each activity and timer is for', async () => {
    const pool = 'named';
    const [settings, template] = [{ warmTarget: 1, maxPods: 1 }, colocated()];
    await applyDocuments(environment, [{ pool, settings, template }]);
    await environment.untilWarm(pool, 1, 20_000);
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    await handle.signal('setTarget', 0);
    await environment.untilWarm(pool, 0, 20_000);
    const { staticSummary, staticDetails } = await handle.describe();
    assert.equal(await staticSummary(), 'Keeps pool named of namespace default warm');
    assert.match((await staticDetails()) ?? '', /`pilotlight describe pool named`/);
    const expected: Record<string, RegExp> = {
      observePool: /^list the pods$/,
      publishPool: /^card: (Filling|Steady)$/,
      retirePod: /^retire named-0: surplus$/,
      spawnPod: /^spawn named-0$/,
      timer: /^until the next look$/,
    };
    const summaries = await readSummaries(environment.client, pool);
    assert.deepEqual([...new Set(summaries.map(({ type }) => type))].sort(), Object.keys(expected));
    for (const { type, summary } of summaries) assert.match(summary ?? '', expected[type] ?? /^$/);
  });
});
