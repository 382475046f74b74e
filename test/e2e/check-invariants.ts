/**
 * What must hold at the end of every test, looked at from outside: pods by the test's own watch,
 * workflows by their histories.
 */
import assert from 'node:assert/strict';
import { checkClaims } from './check-claims.ts';
import { until, type Environment } from './environment.ts';
import { failedWorkflowTasks } from './failed-workflow-tasks.ts';
import type { PodMoment } from './pod-recorder.ts';
import { describePool, readPoolHistory } from './pool-history.ts';

/** A workflow task may be tried anew after a kill; this is ample for it to pass. */
const settleMs = 30_000;

/**
 * Asserts for each pool:
 * - P1 live pods, those being deleted included, were never more than maxPods (where creates arrive late,
 *   second pods of a name aside: nobody can keep them from the cluster, docs/adr/0008);
 * - a name was never given to a second pod in one life of the pool;
 * - P2 a pod had one claim at most, a claim one pod at a time;
 * - P3 no claimed pod was deleted inside its lease, `released` ones (by uid) aside;
 * - P8 no workflow task has failed but by races, few in a row, and by what a test brought about
 *   (`brought`), and none is being tried again for good.
 */
export async function checkInvariants(options: {
  environment: Environment;
  pools: string[];
  /** Pods whose holders gave them up, or that the test itself ended. */
  released?: ReadonlySet<string>;
  /** How often the pools were created: one that was deleted counts its pods anew from what is left. */
  lives?: number;
  /**
   * Whether faults have held creates back, or workers that made them, until their pods had come and gone:
   * a name may have one pod more for each that ended so, as `released` says.
   */
  areCreatesLate?: boolean;
  /** Failures of workflow tasks that are the point of the test; none unless given. */
  brought?: RegExp;
}): Promise<void> {
  const { environment, pools, released = new Set<string>(), lives = 1, brought } = options;
  const { areCreatesLate = false } = options;
  await environment.recorder.caughtUp();
  for (const pool of pools) {
    const { events, input } = await readPoolHistory(environment.client, pool);
    const faults = failedWorkflowTasks(events).filter((fault) => brought?.test(fault) !== true);
    assert.deepEqual(faults, [], `workflow tasks of ${pool} failed`);
    const moments = environment.recorder.moments(pool);
    checkCount(pool, areCreatesLate ? firstLives(moments) : moments, input.spec.maxPods);
    checkNames(pool, moments, (uids) =>
      areCreatesLate ? lives + uids.filter((uid) => released.has(uid)).length : lives,
    );
    checkClaims(moments);
    checkLeases(pool, moments, released);
    await until({
      what: `the workflow task of ${pool}`,
      timeoutMs: settleMs,
      ask: () => describePool(environment.client, pool),
      holds: ({ workflowTaskAttempt }) => workflowTaskAttempt <= 1,
    });
  }
}

function checkCount(pool: string, moments: PodMoment[], maxPods: number): void {
  const live = new Set<string>();
  for (const { uid, isDeleted } of moments) {
    if (isDeleted) live.delete(uid);
    else live.add(uid);
    assert.ok(live.size <= maxPods, `${pool} had ${live.size} pods, more than maxPods ${maxPods}`);
  }
}

/** Without pods whose name another one had before. */
function firstLives(moments: PodMoment[]): PodMoment[] {
  const first = new Map<string, string>();
  return moments.filter(({ name, uid }) => {
    if (!first.has(name)) first.set(name, uid);
    return first.get(name) === uid;
  });
}

/** `livesOf` says how many pods a name may have had, of the uids that it had. */
function checkNames(pool: string, moments: PodMoment[], livesOf: (uids: string[]) => number): void {
  const uids = new Map<string, Set<string>>();
  for (const { name, uid } of moments) {
    const known = uids.get(name) ?? new Set();
    uids.set(name, known.add(uid));
  }
  for (const [name, known] of uids) {
    assert.ok(
      known.size <= livesOf([...known]),
      `${pool} gave the name ${name} to ${known.size} pods`,
    );
  }
}

function checkLeases(pool: string, moments: PodMoment[], released: ReadonlySet<string>): void {
  const before = new Map<string, PodMoment>();
  for (const moment of moments) {
    const known = before.get(moment.uid);
    before.set(moment.uid, moment);
    const isEnding = moment.isTerminating || moment.isDeleted;
    const wasEnding = known?.isTerminating === true || known?.isDeleted === true;
    if (!isEnding || wasEnding || known?.isClaimed !== true) continue;
    if (released.has(moment.uid)) continue;
    const leaseEnd = known.leaseExpiresAtMs ?? Infinity;
    assert.ok(
      moment.atMs >= leaseEnd,
      `${pool} lost ${moment.name}, which was claimed until ${new Date(leaseEnd).toISOString()}`,
    );
  }
}
