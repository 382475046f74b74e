import assert from 'node:assert/strict';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { startCollector, type Collector, type SentSpan } from '../tracing/otlp-receiver.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';

/** A batch is sent 2 s after its first span at the latest; the rest is for a busy machine. */
const sentWithinMs = 20_000;

describe('a worker that is told where traces go', function () {
  this.timeout(180_000);
  let environment: Environment;
  let collector: Collector;
  let worker: ManagedProcess;

  before(async () => {
    collector = await startCollector();
    environment = await startEnvironment({ nodeDelaySeconds: 1 });
    const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = `${collector.url}/v1/traces`;
    worker = await environment.startWorker('worker', {
      env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT },
    });
  });
  after(async () => {
    await environment.stop();
    await collector.stop();
  });

  const spawnsOf = (pool: string): SentSpan[] =>
    collector.spans.filter(
      ({ name, facts }) => name === 'spawnPod' && facts['pilotlight.pool'] === pool,
    );
  const partsOf = ({ spanId, traceId }: SentSpan): SentSpan[] =>
    collector.spans.filter((span) => span.traceId === traceId && span.parentSpanId === spanId);
  const untilSent = (pool: string, count: number): Promise<SentSpan[]> =>
    until({
      what: `${count} spawns of ${pool}`,
      timeoutMs: sentWithinMs,
      ask: () => Promise.resolve(spawnsOf(pool)),
      holds: (spans) => spans.length >= count,
    });

  it('sends each spawn as a trace of its own, from the creation of the pod to Ready', async () => {
    const pool = 'traced';
    await environment.createPool({ pool, warmTarget: 3, template: colocated() });
    await environment.untilWarm(pool, 3, 60_000);
    const spawns = await untilSent(pool, 3);
    assert.equal(spawns.length, 3);
    assert.equal(new Set(spawns.map(({ traceId }) => traceId)).size, 3);
    await environment.recorder.caughtUp();
    const pods = environment.recorder.of(pool).map(({ name }) => name);
    assert.deepEqual(spawns.map(({ facts }) => facts['k8s.pod.name']).sort(), pods.sort());
    for (const spawn of spawns) {
      assert.deepEqual([spawn.parentSpanId, spawn.isFault], ['', false]);
      assert.equal(spawn.facts['pilotlight.outcome'], 'ready');
      assert.equal(spawn.resource['service.name'], 'pilotlight-worker');
      const [create, wait, ...rest] = partsOf(spawn);
      assert.deepEqual([create?.name, wait?.name, rest], ['create pod', 'wait for Ready', []]);
      assert.equal(wait?.notes.at(-1), 'ready');
    }
    assert.ok(collector.paths.every((path) => path === '/v1/traces'));
  });

  it('sends a spawn that fails as a fault, with the reason of its pod', async () => {
    const pool = 'traced-failing';
    const template = colocated({ fault: 'image-pull' });
    await environment.createPool({ pool, warmTarget: 1, template, podReadySeconds: 5 });
    const [spawn] = await untilSent(pool, 1);
    assert.equal(spawn?.isFault, true);
    assert.match(String(spawn.facts['error.type']), /^PodFailed: (ImagePullBackOff|ErrImagePull)$/);
  });

  it('sends what is under way when it is told to end', async () => {
    const pool = 'traced-to-the-end';
    const template = colocated({ fault: 'never-ready' });
    await environment.createPool({ pool, warmTarget: 1, template });
    await environment.untilCreated(pool, 1);
    await worker.stop();
    const [spawn] = await untilSent(pool, 1);
    assert.equal(spawn?.isFault, true);
    assert.deepEqual(
      partsOf(spawn).map(({ name }) => name),
      ['create pod', 'wait for Ready'],
    );
  });
});
