/**
 * What a worker is told first of a pool that it does not know yet: somebody scales, or looks at the pool, right
 * after a worker has died. The story: the SDK then tells the workflow things in another order, or at another
 * time, than each later replay does (docs/adr/0043). The commands were recorded in an order that no replay
 * could repeat, so the pool stood still from the next restart of its worker on.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { defaultTaskQueue } from '../../src/workflows/task-queue.ts';
import { Pools } from '../../src/client/pools.ts';
import { startTemporalLink } from '../chaos/temporal-link.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { failedWorkflowTasks } from './failed-workflow-tasks.ts';
import { colocated } from './pod-templates.ts';
import { readPoolHistory } from './pool-history.ts';

/** What waits for the dead worker times out after 10 s at most; a busy machine bundles for 40. */
const answersWithinMs = 90_000;

describe('a worker that does not know a pool yet', function () {
  this.timeout(300_000);
  let environment: Environment;
  let pools: Pools;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 5 });
    const { client, temporal } = environment;
    const { address } = temporal;
    const connection = { client, address, callDeadlineMs: answersWithinMs };
    pools = new Pools({ ...connection, close: () => Promise.resolve() }, defaultTaskQueue);
  });
  after(() => environment.stop());

  /** The last that the pool's worker does before it dies are tasks without commands; the other worker. */
  async function dieAfterQuietTask(pool: string): Promise<ManagedProcess> {
    const worker = await environment.startWorker(`${pool}-first`);
    await environment.createPool({ pool, warmTarget: 1, maxPods: 10, template: colocated() });
    await environment.untilWarm(pool, 1, 60_000);
    const second = await environment.startWorker(`${pool}-second`);
    // The attributes follow within 2 s.
    await sleep(3_000);
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    // Refused, so that nothing follows but a note of it; the commands of the task before count as well.
    for (const refused of [-1, -2]) {
      await handle.signal('setTarget', refused);
      await until({
        what: 'a refusal',
        timeoutMs: 20_000,
        ask: () => environment.status(pool),
        holds: ({ lastRefusal }) => lastRefusal?.message.endsWith(`got ${refused}`) === true,
      });
    }
    await worker.kill();
    return second;
  }

  /** The next worker knows the pool from its history alone. */
  async function goesOnAfterNextRestart(
    pool: string,
    target: number,
    second: ManagedProcess,
  ): Promise<void> {
    await environment.untilWarm(pool, target, 60_000);
    await second.kill();
    const third = await environment.startWorker(`${pool}-third`);
    await until({
      what: `an answer of ${pool}`,
      timeoutMs: answersWithinMs,
      ask: () => environment.status(pool),
      holds: ({ warm }) => warm === target,
    });
    const { events } = await readPoolHistory(environment.client, pool);
    assert.deepEqual(failedWorkflowTasks(events), []);
    await third.kill();
  }

  it('records what the next one can replay when it is told of an update first (P8, P12)', async () => {
    const pool = 'updated';
    const second = await dieAfterQuietTask(pool);
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    await environment.client.withDeadline(Date.now() + answersWithinMs, () =>
      handle.executeUpdate('resize', { args: [3] }),
    );
    await goesOnAfterNextRestart(pool, 3, second);
  });

  it('follows what our client asks for first, and the next one goes on (P8, P12)', async () => {
    const pool = 'told';
    const second = await dieAfterQuietTask(pool);
    assert.equal((await pools.resize(pool, 3)).target, 3);
    await goesOnAfterNextRestart(pool, 3, second);
  });

  it('records what the next one can replay when it is asked before its first task (P8, P12)', async () => {
    const pool = 'asked';
    const first = await environment.startWorker(`${pool}-first`);
    await environment.createPool({ pool, warmTarget: 1, maxPods: 10, template: colocated() });
    await environment.untilWarm(pool, 1, 60_000);
    const link = await startTemporalLink(environment.temporal.address);
    const env = { TEMPORAL_ADDRESS: link.address };
    const second = await environment.startWorker(`${pool}-second`, { env });
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    await sleep(3_000);
    link.cut();
    // Shown as an attribute now, and the next one 2 s later: a pass at this very time sets a timer.
    await handle.signal('setTarget', 2);
    await environment.untilWarm(pool, 2, 60_000);
    await first.kill();
    // Nobody is there to answer, and the task that the message makes waits for the dead worker for 5 s.
    const asked = environment.client.withDeadline(Date.now() + answersWithinMs, () =>
      handle.query('status').catch((error: unknown) => String(error)),
    );
    await sleep(1_000);
    const sentAtMs = Date.now();
    await handle.signal('setTarget', 1);
    await sleep(500);
    link.heal();
    await asked;
    const { targetChanges } = await environment.untilWarm(pool, 1, 60_000);
    // Not at the time of the last task before the query.
    assert.ok(
      (targetChanges[0]?.atMs ?? 0) >= sentAtMs,
      JSON.stringify({ targetChanges, sentAtMs }),
    );
    await sleep(3_000);
    await goesOnAfterNextRestart(pool, 1, second);
    await link.stop();
  });
});
