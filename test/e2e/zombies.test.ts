import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated, exclusive } from './pod-templates.ts';
import { pendingSpawns } from './pool-history.ts';
import { startStallingProxy, type StallingProxy } from './stalling-proxy.ts';

/** Longer than the heartbeat timeout of 10 s, a new worker's start and the nodes' delay. */
const stoppedMs = 45_000;

/**
 * A stopped process still holds polls open, for up to 60 s, and each can swallow an attempt, which is
 * missed after the heartbeat timeout of 10 s. So the last spawn is taken over late.
 */
const takeOverMs = 120_000;

/** Late calls of a worker that goes on come at once; whatever they do is seen within this. */
const aftermathMs = 5_000;

describe('a worker that is stopped and goes on after another has taken over', function () {
  this.timeout(2 * takeOverMs + 120_000);
  let environment: Environment;
  let proxy: StallingProxy;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
    proxy = await startStallingProxy(environment.cluster.kubeconfigPath);
  });
  after(async () => {
    await proxy.stop();
    await environment.stop();
  });

  it('harms nothing in the middle of a fill: same pods (P1, P5)', async () => {
    const pool = 'stopped';
    const zombie = await environment.startWorker('zombie');
    await environment.createPool({ pool, warmTarget: 6, template: exclusive() });
    const first = await environment.untilCreated(pool, 6);
    zombie.signal('SIGSTOP');
    const [successor] = await Promise.all([environment.startWorker('successor'), sleep(stoppedMs)]);
    await environment.untilWarm(pool, 6, takeOverMs);
    zombie.signal('SIGCONT');
    await sleep(aftermathMs);
    await environment.untilWarm(pool, 6, 30_000);
    assert.deepEqual(await environment.created(pool), first);
    assert.equal((await environment.status(pool)).failures.consecutive, 0);
    await checkInvariants({ environment, pools: [pool] });
    await Promise.all([zombie.stop(), successor.stop()]);
  });

  it('harms nothing between its creates and their replies: same pods (P1, P5)', async () => {
    const pool = 'unanswered';
    const zombie = await environment.startWorker('unanswered', proxy);
    const template = colocated({ readyDelay: '15s' });
    await environment.createPool({ pool, warmTarget: 1, template });
    await environment.untilWarm(pool, 1, takeOverMs);
    // The template is cached now, so that the next creates are sent without a reply to anything.
    proxy.holdReplies();
    await environment.client.workflow.getHandle(`pool-${pool}`).signal('setTarget', 6);
    const first = await environment.untilCreated(pool, 6);
    zombie.signal('SIGSTOP');
    const successor = await environment.startWorker('answered');
    await environment.untilWarm(pool, 6, takeOverMs);
    proxy.release();
    zombie.signal('SIGCONT');
    await sleep(aftermathMs);
    assert.deepEqual(await environment.created(pool), first);
    assert.equal((await environment.status(pool)).failures.consecutive, 0);
    await checkInvariants({ environment, pools: [pool] });
    await Promise.all([zombie.stop(), successor.stop()]);
  });

  // A create that was delayed for minutes once made a pod anew that had come, served and gone.
  it('makes no pod anew that has come and gone meanwhile (P1)', async () => {
    const pool = 'come-and-gone';
    const zombie = await environment.startWorker('late', proxy);
    await environment.createPool({ pool, warmTarget: 0, template: colocated() });
    await until({
      what: 'a pool that has looked around',
      timeoutMs: 20_000,
      ask: () => environment.status(pool),
      holds: ({ phase }) => phase === 'Steady',
    });
    proxy.holdReplies();
    await environment.client.workflow.getHandle(`pool-${pool}`).signal('setTarget', 2);
    await until({
      what: 'two spawns that wait for their template',
      timeoutMs: 20_000,
      ask: () => pendingSpawns(environment.client, pool),
      holds: (spawns) =>
        spawns.length === 2 && spawns.every(({ lastStartedTime }) => lastStartedTime),
    });
    zombie.signal('SIGSTOP');
    const successor = await environment.startWorker('early');
    await environment.untilWarm(pool, 2, takeOverMs);
    const gone = await environment.created(pool);
    const { core } = environment;
    await core.deleteCollectionNamespacedPod({
      namespace: 'default',
      labelSelector: `pilotlight.dev/pool=${pool}`,
    });
    // The watcher may be an attempt that a poll of the stopped process swallowed, as a spawn may.
    for (const uid of gone) {
      await environment.untilReplaced(pool, { uid, count: 2, timeoutMs: takeOverMs });
    }
    await environment.untilWarm(pool, 2, 30_000);
    proxy.release();
    zombie.signal('SIGCONT');
    await sleep(aftermathMs);
    await environment.recorder.caughtUp();
    const names = environment.recorder.of(pool).map(({ name }) => name);
    assert.deepEqual(
      names.sort(),
      [0, 1, 2, 3].map((ordinal) => `${pool}-${ordinal}`),
    );
    await checkInvariants({ environment, pools: [pool] });
    await Promise.all([zombie.stop(), successor.stop()]);
  });
});
