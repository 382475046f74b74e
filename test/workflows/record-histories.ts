/**
 * Records histories of pools on a real Temporal server and the simulated cluster, and the states that
 * runs carry on, for the replay tests. Run it at each release; earlier histories stay. Usage:
 * record-histories.ts RELEASE [failed-retirement]; with the second one that history alone.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { startEnvironment, until, type Environment } from '../e2e/environment.ts';
import { startFaultProxy } from '../e2e/fault-proxy.ts';
import { colocated } from '../e2e/pod-templates.ts';
import { writeStates } from './write-states.ts';

const [release = '', only = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(release)) {
  console.error(`Expected a release like 0.1.0, got ${JSON.stringify(release)}`);
  process.exit(1);
}
const folder = join(import.meta.dirname, 'histories', release);

async function save(
  environment: Environment,
  pool: string,
  name: string,
  runId?: string,
): Promise<void> {
  const handle = environment.client.workflow.getHandle(poolWorkflowId(pool), runId);
  await writeFile(join(folder, `${name}.json`), historyToJSON(await handle.fetchHistory()));
  console.log(`recorded ${name}`);
}

async function record(environment: Environment): Promise<void> {
  const reaches = (
    pool: string,
    what: string,
    holds: (status: PoolStatus) => boolean,
  ): Promise<PoolStatus> =>
    until({ what, timeoutMs: 60_000, ask: () => environment.status(pool), holds });
  let worker = await environment.startWorker('first');

  await environment.createPool({ pool: 'fresh', warmTarget: 3, template: colocated() });
  await reaches('fresh', '3 warm', ({ warm }) => warm === 3);
  await save(environment, 'fresh', 'fresh-fill');
  const fresh = environment.client.workflow.getHandle(poolWorkflowId('fresh'));
  await fresh.signal('setTarget', 5);
  await fresh.signal('setTarget', { target: 2 });
  await fresh.signal('setTarget', 'nine');
  await reaches('fresh', '2 warm', ({ warm, retiring }) => warm === 2 && retiring === 0);
  await fresh.executeUpdate('resize', { args: [4] });
  await reaches('fresh', '4 warm', ({ warm }) => warm === 4);
  await save(environment, 'fresh', 'signals-and-resize');

  const fault = colocated({ fault: 'image-pull' });
  await environment.createPool({
    pool: 'failed',
    warmTarget: 1,
    template: fault,
    podReadySeconds: 5,
  });
  await reaches('failed', 'a failure', ({ failures }) => failures.consecutive > 0);
  await save(environment, 'failed', 'failed-spawn');

  const slow = colocated();
  Object.assign(slow.metadata ?? {}, {
    annotations: { 'sim.pilotlight.example/ready-delay': '8s' },
  });
  await environment.createPool({ pool: 'killed', warmTarget: 2, template: slow });
  await reaches(
    'killed',
    '2 pending',
    ({ pods }) => pods.filter(({ uid }) => uid !== null).length === 2,
  );
  await worker.kill();
  worker = await environment.startWorker('second');
  await reaches('killed', '2 warm', ({ warm }) => warm === 2);
  await save(environment, 'killed', 'killed-and-retried');

  await environment.createPool({ pool: 'burst', warmTarget: 120, template: colocated() });
  await reaches('burst', '120 warm', ({ warm }) => warm === 120);
  const runs: string[] = [];
  await until({
    what: 'two runs',
    timeoutMs: 20_000,
    ask: async () => {
      runs.length = 0;
      const query = `WorkflowId = '${poolWorkflowId('burst')}'`;
      for await (const { runId } of environment.client.workflow.list({ query })) runs.push(runId);
      return runs.length;
    },
    holds: (count) => count > 1,
  });
  await save(environment, 'burst', 'burst-before-continue-as-new', runs.at(-1));
  await save(environment, 'burst', 'burst-after-continue-as-new', runs.at(0));
  await worker.stop();
}

/** A retirement that failed says nothing of its pod: it is launched again, and the pod stays known (S20). */
async function recordFailedRetirement(environment: Environment): Promise<void> {
  const pool = 'undeleted';
  const proxy = await startFaultProxy(environment.cluster.kubeconfigPath);
  const worker = await environment.startWorker('failing', { kubeconfigPath: proxy.kubeconfigPath });
  await environment.createPool({ pool, warmTarget: 2, template: colocated() });
  await environment.untilWarm(pool, 2, 60_000);
  const held = proxy.hold(({ method }) => method === 'DELETE');
  const workflowId = poolWorkflowId(pool);
  await environment.client.workflow.getHandle(workflowId).signal('setTarget', 1);
  const deletes = (least: number): Promise<number> =>
    until({
      what: `${least} deletes`,
      timeoutMs: 20_000,
      ask: () => Promise.resolve(held.count),
      holds: (count) => count >= least,
    });
  await deletes(1);
  const { pods } = await environment.status(pool);
  const retired = pods.find(({ phase }) => phase === 'retiring');
  if (retired === undefined) throw new Error(`no pod of ${pool} is being retired`);
  // Three minutes of an API server that fails every delete end like this.
  await environment.client.activity.fail(
    { workflowId, activityId: `retire-${retired.name}` },
    ApplicationFailure.nonRetryable('the API server fails every delete'),
  );
  await deletes(2);
  held.release();
  await environment.untilWarm(pool, 1, 60_000);
  await save(environment, pool, 'failed-retirement');
  await worker.stop();
  await proxy.stop();
}

await mkdir(folder, { recursive: true });
const environment = await startEnvironment({
  nodeDelaySeconds: 5,
  dynamicConfig: ['limit.historyCount.suggestContinueAsNew=400'],
});
try {
  if (only === '') await record(environment);
  await recordFailedRetirement(environment);
} finally {
  await environment.stop();
}
if (only === '') await writeStates(release);
