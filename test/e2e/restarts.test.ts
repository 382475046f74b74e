import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated, exclusive } from './pod-templates.ts';

const nodeDelaySeconds = Number(process.env['PILOTLIGHT_NODE_DELAY_SECONDS'] ?? 20);
const fillTimeoutMs = nodeDelaySeconds * 1000 + 60_000;

describe('a fill of six exclusive pods whose nodes come late', function () {
  this.timeout(2 * fillTimeoutMs + 120_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds });
  });
  after(() => environment.stop());

  const untilCreated = (pool: string, count: number): Promise<string[]> =>
    until({
      what: `${count} pods of ${pool}`,
      timeoutMs: 30_000,
      ask: async () => Promise.resolve(environment.recorder.uids(pool)),
      holds: (uids) => uids.length >= count,
    });
  const untilWarm = (pool: string, count: number, timeoutMs = fillTimeoutMs): Promise<unknown> =>
    until({
      what: `${count} warm pods of ${pool}`,
      timeoutMs,
      ask: () => environment.status(pool),
      holds: ({ warm, pending }) => warm === count && pending === 0,
    });

  // A service's pool of six large pods sat at 1 of 6 after each deploy: every restart dropped the
  // waits under way, and pools of small pods, which fill in seconds, hid it.
  it('ends with the first six pods after kill -9, twice, and delays no other pool (P1, P5, P7)', async () => {
    let worker = await environment.startWorker('first');
    await environment.createPool({ pool: 'large', warmTarget: 6, template: exclusive() });
    const first = await untilCreated('large', 6);
    for (const pool of ['small-a', 'small-b']) {
      await environment.createPool({ pool, warmTarget: 3, template: colocated() });
    }
    await untilWarm('small-a', 3, 10_000);
    await untilWarm('small-b', 3, 10_000);
    for (const name of ['second', 'third']) {
      await worker.kill();
      await sleep(1_000);
      worker = await environment.startWorker(name);
      await sleep(2_000);
    }
    await untilWarm('large', 6);
    assert.deepEqual(environment.recorder.uids('large'), first);
    assert.equal(environment.recorder.of('large').filter((pod) => pod.isReady).length, 6);
    assert.equal(environment.recorder.uids('small-a').length, 3);
    await worker.stop();
  });

  it('hands over within seconds on SIGTERM, with the same pods and no failure charged (P5)', async () => {
    const one = await environment.startWorker('one');
    const two = await environment.startWorker('two');
    await environment.createPool({ pool: 'handover', warmTarget: 2, template: exclusive() });
    const first = await untilCreated('handover', 2);
    await one.stop();
    const three = await environment.startWorker('three');
    await two.stop();
    await untilWarm('handover', 2);
    assert.deepEqual(environment.recorder.uids('handover'), first);
    assert.equal((await environment.status('handover')).failures.consecutive, 0);
    await three.stop();
  });

  it('goes on after Temporal and the API server were killed (P5)', async () => {
    const worker = await environment.startWorker('four');
    await environment.createPool({ pool: 'outage', warmTarget: 2, template: exclusive() });
    const first = await untilCreated('outage', 2);
    await environment.temporal.process.kill();
    await environment.cluster.apiServer?.kill();
    await sleep(5_000);
    await environment.cluster.apiServer?.start();
    await environment.temporal.process.start();
    await untilWarm('outage', 2, fillTimeoutMs + 60_000);
    assert.deepEqual(environment.recorder.uids('outage'), first);
    await worker.stop();
  });
});
