import assert from 'node:assert/strict';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { readPoolHistory, type HistoryEvent } from './pool-history.ts';

describe('a pool on real servers', function () {
  this.timeout(180_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({
      nodeDelaySeconds: 20,
      // Continue-as-new every few dozen events, so that the forced path is the normal one here.
      dynamicConfig: ['limit.historyCount.suggestContinueAsNew=60'],
    });
    await environment.startWorker('worker');
  });
  after(() => environment.stop());

  const untilStatus = (
    pool: string,
    what: string,
    holds: (status: PoolStatus) => boolean,
    timeoutMs = 30_000,
  ): Promise<PoolStatus> => until({ what, timeoutMs, ask: () => environment.status(pool), holds });

  it('fills, follows setTarget in both forms, and refuses what is no target (P8)', async () => {
    await environment.createPool({ pool: 'targets', warmTarget: 2, template: colocated() });
    const handle = environment.client.workflow.getHandle(poolWorkflowId('targets'));
    await untilStatus('targets', '2 warm', ({ warm }) => warm === 2);
    await handle.signal('setTarget', 4);
    await untilStatus('targets', '4 warm', ({ warm }) => warm === 4);
    await handle.signal('setTarget', { target: 5 });
    await untilStatus('targets', '5 warm', ({ warm }) => warm === 5);
    for (const wrong of ['nine', -1, null, 1e99, {}]) {
      await handle.signal('setTarget', wrong);
      const shown = JSON.stringify(wrong);
      await untilStatus('targets', `a refusal of ${shown}`, ({ lastRefusal }) =>
        (lastRefusal?.message ?? '').endsWith(`got ${shown}`),
      );
    }
    const status = await environment.status('targets');
    assert.equal(status.target, 5);
    assert.equal((await environment.created('targets')).length, 5);
    await handle.signal('setTarget', 1);
    await untilStatus('targets', '1 warm', ({ warm, retiring }) => warm === 1 && retiring === 0);
    assert.equal((await environment.created('targets')).length, 5);
    await checkInvariants({ environment, pools: ['targets'] });
  });

  it('shows who set its target, and when, in the status and on its page', async () => {
    const pool = 'targets-of-whom';
    await environment.createPool({ pool, warmTarget: 1, template: colocated() });
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    await handle.signal('setTarget', 2);
    const by = `<b>ann</b>\u001b[31m ${'x'.repeat(1_000_000)}`;
    await handle.signal('setTarget', { target: 0, by });
    await handle.executeUpdate('resize', { args: [{ target: 1, by: 'ann@laptop' }] });
    const shown = await untilStatus(pool, '3 changes', (status) => status.targetChanges.length > 2);
    assert.deepEqual(
      shown.targetChanges.map(({ from, to, by: name }) => [from, to, name]),
      [
        [0, 1, 'ann@laptop'],
        [2, 0, by.replace('\u001b', ' ').slice(0, 120)],
        [1, 2, null],
      ],
    );
    const { currentDetails: page } = await handle.query<{ currentDetails: string }>(
      '__temporal_workflow_metadata',
    );
    assert.match(
      page,
      /^- \*\*Target\*\* 0 → 1 at \d{4}-\d\d-\d\d [\d:]+ UTC, by `ann@laptop`\.$/m,
    );
    assert.match(page, /^- \*\*Target\*\* 2 → 0 at [^`<]+, by ` b ann \/b {2}\[31m x+`\.$/m);
  });

  it('replaces a pod that was deleted behind its back', async () => {
    await environment.createPool({ pool: 'deleted', warmTarget: 2, template: colocated() });
    await untilStatus('deleted', '2 warm', ({ warm }) => warm === 2);
    await environment.recorder.caughtUp();
    const [victim] = environment.recorder.of('deleted');
    assert.ok(victim);
    const { core } = environment;
    await core.deleteNamespacedPod({
      namespace: 'default',
      name: victim.name,
      gracePeriodSeconds: 0,
    });
    await untilStatus(
      'deleted',
      'a replacement',
      ({ warm, pods }) => warm === 2 && pods.every(({ uid }) => uid !== victim.uid),
    );
    assert.equal((await environment.created('deleted')).length, 3);
    await checkInvariants({ environment, pools: ['deleted'] });
  });

  const faults = [
    { fault: 'image-pull', reason: 'ImagePullBackOff', message: /Back-off pulling image/ },
    { fault: 'never-ready', reason: 'ContainerNotReady', message: /not Ready after 5 s/ },
    { fault: 'crash-loop', reason: 'CrashLoopBackOff', message: /back-off .* restarting/ },
  ];
  it('gives a pod up that never becomes Ready, at its deadline and with the reason read off it', async () => {
    const createdAtMs = Date.now();
    const limits = { warmTarget: 1, podReadySeconds: 5 };
    for (const { fault } of faults) {
      await environment.createPool({ pool: fault, ...limits, template: colocated({ fault }) });
    }
    for (const { fault, reason, message } of faults) {
      const status = await untilStatus(
        fault,
        'a failure',
        ({ failures }) => failures.consecutive > 0,
      );
      assert.equal(status.failures.lastReason, reason);
      assert.equal(status.phase, 'Degraded');
      assert.match(status.why, message);
      const victim = await until({
        what: `the end of the pod of ${fault}`,
        timeoutMs: 10_000,
        ask: () => Promise.resolve(environment.recorder.of(fault)[0]),
        holds: (pod) => pod?.isDeleted === true,
      });
      assert.ok((victim?.atMs ?? 0) - createdAtMs > 4_000, 'not before its deadline');
      const handle = environment.client.workflow.getHandle(poolWorkflowId(fault));
      await handle.signal('setTarget', 0);
    }
    await checkInvariants({ environment, pools: faults.map(({ fault }) => fault) });
  });

  it('continues as new with spawns in flight and makes no pod twice (P5, P11)', async () => {
    // A run ends in a calm task, which comes once a second: for three of them all pods are awaited.
    const template = colocated({ readyDelay: '3s' });
    await environment.createPool({ pool: 'many', warmTarget: 150, template });
    await untilStatus('many', '150 warm', ({ warm }) => warm === 150, 60_000);
    assert.equal((await environment.created('many')).length, 150);
    const { events } = await until({
      what: 'the end of a run',
      timeoutMs: 30_000,
      ask: () => readPoolHistory(environment.client, 'many'),
      holds: ({ runs }) => runs > 1,
    });
    const inFlight = spawnsInFlightAtEnds(events);
    assert.ok(
      Math.max(...inFlight) > 0,
      `spawns in flight at the ends of runs: ${inFlight.join()}`,
    );
    await checkInvariants({ environment, pools: ['many'] });
  });
});

/** Spawns under way when each run continued as new. */
function spawnsInFlightAtEnds(events: HistoryEvent[]): number[] {
  let inFlight = new Set<string>();
  const counts: number[] = [];
  for (const event of events) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const done = event.activityTaskCompletedEventAttributes;
    if (scheduled?.activityType?.name === 'spawnPod') inFlight.add(String(event.eventId));
    if (done) inFlight.delete(String(done.scheduledEventId));
    if (event.workflowExecutionContinuedAsNewEventAttributes) {
      counts.push(inFlight.size);
      inFlight = new Set();
    }
  }
  return counts;
}
