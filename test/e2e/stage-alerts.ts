/** Brings about what alerts tell of beside the eight troubles of a pool (test/ui/stage-troubles.ts). */
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultTaskQueue } from '../../src/workflows/task-queue.ts';
import { until, type ApiReplica, type Environment } from './environment.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { playedByTest, playPod, playReady } from './play-pods.ts';
import { colocated } from './pod-templates.ts';
import { offered, untilOffered } from './until-offered.ts';

/** Prometheus sees no increase in a series' first sample, and scrapes every second. */
const twoScrapesMs = 2_500;

/** A pod takes two seconds; the rest is for a machine that stages everything at once. */
const waitSeconds = 60;

/** 20 claims must count within the window, and more than a tenth of them find nothing warm. */
const misses = 24;

/** Claims for a pool that keeps no pod warm: each waits for a pod that is made for it. */
export async function missInMass(environment: Environment, api: ApiReplica): Promise<void> {
  const pool = 'misses';
  await environment.createPool({ pool, warmTarget: 0, template: colocated() });
  await untilOffered({ api, pool, count: 0 });
  await claimAll(api, pool, 1);
  await sleep(twoScrapesMs);
  await claimAll(api, pool, misses);
}

/** Ten must expire together. */
const forgotten = 12;

/** Claims whose holders are never heard of again. */
export async function forgetClaims(environment: Environment, api: ApiReplica): Promise<void> {
  const pool = 'forgotten';
  const template = colocated();
  await environment.createPool({ pool, warmTarget: forgotten, template, leaseSeconds: 2 });
  await untilOffered({ api, pool, count: forgotten });
  await sleep(twoScrapesMs);
  await claimAll(api, pool, forgotten);
}

/** Three must be lost. */
const lost = 3;

/** Claims whose pods fail in the hands of their holders, and are cleared away as a full node does it. */
export async function loseClaims(environment: Environment, api: ApiReplica): Promise<void> {
  const pool = 'lost';
  const template = colocated({ fault: playedByTest });
  await environment.createPool({ pool, warmTarget: lost, template });
  await until({
    what: `${lost} pods that are played Ready`,
    timeoutMs: 30_000,
    ask: async () => {
      await playReady(environment, pool);
      return offered(api, pool);
    },
    holds: (warm) => warm === lost,
  });
  await sleep(twoScrapesMs);
  const claims = await claimAll(api, pool, lost);
  for (const { pod } of claims) {
    await playPod(environment, pod.name, 'failed');
    const { name, uid } = pod;
    const body = { preconditions: { uid } };
    await environment.core.deleteNamespacedPod({ name, namespace: 'default', body });
  }
}

/** An answer takes this long: half a second is too slow. */
const slowMs = 800;

/** As many are asked for as make the alert's own time, 20 s, with one in each window of 20 s. */
const slowClaims = 5;
const slowEveryMs = 5_000;

/** Claims of warm pods at a replica whose API server is slow to write. */
export async function slowDownClaims(options: {
  environment: Environment;
  slow: ApiReplica;
  proxy: FaultProxy;
}): Promise<void> {
  const { environment, slow, proxy } = options;
  const pool = 'slow';
  await environment.createPool({ pool, warmTarget: 3, template: colocated() });
  await untilOffered({ api: slow, pool, count: 3 });
  for (let count = 0; count < slowClaims; count += 1) {
    const held = proxy.hold(({ method, podName }) => method === 'PATCH' && podName !== '');
    const claimed = claimAll(slow, pool, 1);
    await until({
      what: 'a claim on its way',
      timeoutMs: 30_000,
      everyMs: 20,
      ask: () => Promise.resolve(held.count),
      holds: (held) => held > 0,
    });
    await sleep(slowMs);
    held.release();
    await claimed;
    await sleep(slowEveryMs);
  }
}

/**
 * An image that can not be pulled, tried again every few seconds: of the probes of a minute and more that
 * pools have by default, the shortened window would see none.
 */
export async function failSpawns(environment: Environment): Promise<void> {
  const failure = { backOffSeconds: 1, probeSeconds: 1, maxProbeSeconds: 1 };
  await environment.createPool({
    ...{ pool: failingPool, warmTarget: 3, podReadySeconds: 5 },
    template: colocated({ fault: 'image-pull' }),
    settings: { failure },
  });
}

/** The pool of `failSpawns`. */
export const failingPool = 'failing';

/**
 * A task fails twice at once, and then after 10 s, 10 s, 15 s, ever later: for longer than the alert's own
 * 10 s there must be new ones, or the shortened window would see pauses.
 */
const stuckWorkflows = 25;
const stuckEveryMs = 1_000;

/** Workflows whose tasks no worker of this release can carry out. */
export async function blockWorkflowTasks({ client }: Environment): Promise<void> {
  for (let count = 0; count < stuckWorkflows; count += 1) {
    await client.workflow.start('workflowOfAnotherRelease', {
      workflowId: `stuck-${count}`,
      taskQueue: defaultTaskQueue,
    });
    await sleep(stuckEveryMs);
  }
}

/** Takes a pod away while Temporal takes nothing: what changed can't be told. */
export async function silenceTemporal(environment: Environment, pool: string): Promise<void> {
  environment.temporal.process.signal('SIGSTOP');
  const [pod] = environment.recorder.of(pool).filter(({ isDeleted }) => !isDeleted);
  if (pod === undefined) throw new Error(`Pool ${pool} has no pod to take away`);
  await environment.core.deleteNamespacedPod({ name: pod.name, namespace: 'default' });
  await environment.recorder.caughtUp();
}

function claimAll(api: ApiReplica, pool: string, count: number) {
  const wish = { waitSeconds, renews: false };
  return Promise.all(Array.from({ length: count }, () => api.client.claim(pool, wish)));
}
