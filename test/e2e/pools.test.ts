import assert from 'node:assert/strict';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';

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
    assert.equal(environment.recorder.uids('targets').length, 5);
    await handle.signal('setTarget', 1);
    await untilStatus('targets', '1 warm', ({ warm, retiring }) => warm === 1 && retiring === 0);
    assert.equal(environment.recorder.uids('targets').length, 5);
  });

  it('replaces a pod that was deleted behind its back', async () => {
    await environment.createPool({ pool: 'deleted', warmTarget: 2, template: colocated() });
    await untilStatus('deleted', '2 warm', ({ warm }) => warm === 2);
    const [victim] = environment.recorder.of('deleted');
    assert.ok(victim);
    const { core } = environment.connection;
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
    assert.equal(environment.recorder.uids('deleted').length, 3);
  });

  it('gives a pod up that never becomes Ready, with the reason read off it', async () => {
    const template = colocated({ 'sim.pilotlight.example/fault': 'image-pull' });
    await environment.createPool({ pool: 'broken', warmTarget: 1, template, podReadySeconds: 5 });
    const status = await untilStatus(
      'broken',
      'a failure',
      ({ failures }) => failures.consecutive > 0,
    );
    assert.equal(status.failures.lastReason, 'ImagePullBackOff');
    assert.equal(status.phase, 'Degraded');
    assert.match(status.why, /Back-off pulling image/);
    assert.equal(environment.recorder.of('broken')[0]?.isDeleted, true);
  });

  it('continues as new with spawns in flight and makes no pod twice (P5, P11)', async () => {
    await environment.createPool({ pool: 'many', warmTarget: 150, template: colocated() });
    await untilStatus('many', '150 warm', ({ warm }) => warm === 150, 60_000);
    assert.equal(environment.recorder.uids('many').length, 150);
    const runs = environment.client.workflow.list({
      query: `WorkflowId = '${poolWorkflowId('many')}'`,
    });
    await until({
      what: 'more than one run',
      timeoutMs: 20_000,
      ask: async () => {
        const ids: string[] = [];
        for await (const { runId } of runs) ids.push(runId);
        return ids.length;
      },
      holds: (count) => count > 1,
    });
  });
});
