/** Says what is wrong after a chaos run, once all faults are over: an empty list is a pass. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { checkInvariants } from '../e2e/check-invariants.ts';
import { until } from '../e2e/environment.ts';
import type { PodMoment } from '../e2e/pod-recorder.ts';
import { replayRuns } from '../e2e/replay-runs.ts';
import type { Traffic } from './claim-traffic.ts';
import { countCauses } from './count-causes.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { ourProcesses } from './schedule.ts';
import { sizeOf, type ProcessSize } from './start-processes.ts';

/**
 * From the end of the faults to rest: a stopped worker's polls swallow attempts for 60 s, and each of
 * these is missed after 10 s; leases of 12 s and back-offs of 30 s pass meanwhile.
 */
const restMs = 150_000;

/** At rest nothing is created or deleted any more; looked at for so long. */
const stillMs = 3_000;

/** What pooled connections and caches may take in addition to what they took before the faults. */
const maxGrowth: ProcessSize = { residentMegabytes: 150, handles: 80 };

/**
 * A pod that is claimed and released while the worker that made it is dead comes and goes unread, and its
 * spawn makes another under the name (docs/adr/0008). Faults here are seconds apart, so that a name
 * has two pods at most; how many there may be in all is counted by their causes.
 */
const livesOfNames = 2;

/** What a node that died took along, whenever it came there. */
function harmOnLostNodes({ environment, pools, harmed, lostNodes }: ChaosWorld): void {
  const moments = pools.flatMap(({ name }) => environment.recorder.moments(name));
  for (const { uid, node } of moments) if (node !== null && lostNodes.has(node)) harmed.add(uid);
}

/** Waits for rest and judges. */
export async function judge(options: {
  world: ChaosWorld;
  traffic: Traffic;
  before: Map<string, ProcessSize>;
}): Promise<string[]> {
  const { world, traffic, before } = options;
  const breaches: string[] = [];
  const attempt = async (check: () => Promise<void>): Promise<void> => {
    try {
      await check();
    } catch (error) {
      breaches.push(error instanceof Error ? error.message : String(error));
    }
  };
  for (const { name } of world.pools) {
    await attempt(() => forgiveCrashes(world, name));
    await attempt(() => comesToRest(world, name));
    await attempt(() => wasObeyed(world, name));
  }
  await attempt(() => leavesNothing(world));
  const { environment } = world;
  harmOnLostNodes(world);
  // A claim ends with a pod that its node took along, and its id may be used again.
  const contradictions = traffic.contradictions.filter(({ uid }) => !world.harmed.has(uid));
  breaches.push(...contradictions.map(({ message }) => message));
  const released = new Set([...world.harmed, ...traffic.released]);
  for (const { name } of world.pools) {
    // A claim without a claimId whose caller got no answer is released by the replica itself.
    const unnamed = environment.recorder.moments(name).filter(isUnnamed(traffic));
    const ended = new Set([...released, ...unnamed.map(({ uid }) => uid)]);
    await attempt(() =>
      checkInvariants({
        ...{ environment, pools: [name], released: ended },
        ...{ lives: livesOfNames, areCreatesLate: true },
      }),
    );
    await attempt(() => hadCauses(world, traffic, name));
    await attempt(() => keptPromises(world, traffic, name, released));
  }
  await attempt(() => replays(world));
  for (const name of ourProcesses) await attempt(() => isOfSize(world, before, name));
  return breaches;
}

function isUnnamed(traffic: Traffic): (moment: PodMoment) => boolean {
  return ({ claimId }) => claimId?.startsWith('auto-') === true && !traffic.promised.has(claimId);
}

/**
 * Pods that a fault has crashed are charged to their template, and one replacement must prove itself for
 * five minutes: people who know better say so.
 */
async function forgiveCrashes({ environment }: ChaosWorld, pool: string): Promise<void> {
  const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
  await handle.signal('retry');
}

/**
 * The target is met, by pods of the current template, and the cluster has just these pods (P1). Both are
 * waited for together: a pool whose watcher is not back yet is at rest with the pods that it knew.
 */
async function comesToRest({ environment, flapped }: ChaosWorld, pool: string): Promise<void> {
  const { recorder } = environment;
  const liveUids = async (): Promise<string[]> => {
    await recorder.caughtUp();
    const live = recorder.of(pool).filter(({ isDeleted }) => !isDeleted);
    return live.map(({ uid }) => uid).sort();
  };
  const { there } = await until({
    what: `rest of ${pool}`,
    timeoutMs: restMs,
    ask: async () => ({ ...(await environment.status(pool)), there: await liveUids() }),
    // Where the target is all that maxPods allows there is no room for a stale pod's replacement, and it says so.
    holds: ({ warm, target, pending, claimed, retiring, demand, stale, spec, pods, there: uids }) =>
      (warm === target || (warm > target && flapped.has(pool))) &&
      (stale === 0 || target === spec.maxPods) &&
      pending + claimed + retiring + demand === 0 &&
      isDeepStrictEqual(pods.map(({ uid }) => uid).sort(), uids),
  });
  await sleep(stillMs);
  assert.deepEqual(await liveUids(), there, `${pool} creates or ends pods at rest`);
  const live = recorder.of(pool).filter(({ isDeleted }) => !isDeleted);
  const odd = live.filter((pod) => pod.isClaimed || pod.isTerminating || !pod.isReady);
  assert.deepEqual(odd, [], `${pool} counts pods as warm that are not`);
}

/** The last target that people set is the pool's. */
async function wasObeyed({ environment, targets, uncertain }: ChaosWorld, pool: string) {
  const { target } = await environment.status(pool);
  if (!uncertain.has(pool)) assert.equal(target, targets.get(pool), `the target of ${pool}`);
}

/** Claim records go with their pods. */
async function leavesNothing({ environment }: ChaosWorld): Promise<void> {
  await until({
    what: 'an end of all claim records',
    timeoutMs: 20_000,
    ask: async () => {
      const answer = (await environment.connection.send({
        method: 'GET',
        path: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
      })) as { items: { metadata: { name: string } }[] };
      return answer.items
        .map(({ metadata }) => metadata.name)
        .filter((name) => name.startsWith('pilotlight-'));
    },
    holds: (names) => names.length === 0,
  });
}

/** No pod was created without cause (P1). */
function hadCauses(world: ChaosWorld, traffic: Traffic, pool: string): Promise<void> {
  const first = world.pools.find(({ name }) => name === pool)?.warmTarget ?? 0;
  const causes = countCauses(world.environment.recorder.of(pool), world.harmed);
  const unserved = traffic.unserved;
  const raises = world.raises.get(pool) ?? 0;
  const { created, gone } = causes;
  assert.ok(
    created <= first + raises + unserved + gone,
    `${pool} created ${created} pods: ${first} first, ${raises} raised, ${unserved} claims unserved, ${gone} gone for cause (P1)`,
  );
  return Promise.resolve();
}

/** No pod that a client was promised ended before the lease that it was told of (P3). */
function keptPromises(
  world: ChaosWorld,
  traffic: Traffic,
  pool: string,
  ended: ReadonlySet<string>,
): Promise<void> {
  const endsAtMs = new Map<string, number>();
  const known = new Set<string>();
  for (const { uid, atMs, isTerminating, isDeleted } of world.environment.recorder.moments(pool)) {
    known.add(uid);
    if ((isTerminating || isDeleted) && !endsAtMs.has(uid)) endsAtMs.set(uid, atMs);
  }
  for (const { uid, podName, claimId, leaseEndsAtMs } of traffic.promised.values()) {
    if (!known.has(uid) || ended.has(uid)) continue;
    const endMs = endsAtMs.get(uid) ?? Infinity;
    assert.ok(
      endMs >= leaseEndsAtMs,
      `${podName} ended ${leaseEndsAtMs - endMs} ms before the lease that ${claimId} was promised (P3)`,
    );
  }
  return Promise.resolve();
}

/** What was recorded in all this mess replays, and nothing but pools and their watcher runs. */
async function replays({ environment, pools }: ChaosWorld): Promise<void> {
  const { client } = environment;
  await replayRuns(client, []);
  const { count } = await client.workflow.count("ExecutionStatus = 'Running'");
  assert.equal(count, pools.length + 1, 'workflows that run');
}

/** Memory and handles are back to about where they were (P9). */
async function isOfSize(
  { running }: ChaosWorld,
  before: Map<string, ProcessSize>,
  name: (typeof ourProcesses)[number],
): Promise<void> {
  const then = before.get(name);
  const now = await sizeOf(running[name].process);
  assert.ok(then && now, `${name} does not run`);
  const megabytes = now.residentMegabytes - then.residentMegabytes;
  const handles = now.handles - then.handles;
  assert.ok(megabytes <= maxGrowth.residentMegabytes, `${name} grew by ${megabytes} MB (P9)`);
  assert.ok(handles <= maxGrowth.handles, `${name} holds ${handles} more handles (P9)`);
}
