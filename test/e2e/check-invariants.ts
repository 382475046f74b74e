/**
 * What must hold at the end of every test, looked at from outside: pods by the test's own watch,
 * workflows by their histories.
 */
import assert from 'node:assert/strict';
import proto from '@temporalio/proto';
import type { Environment } from './environment.ts';
import type { PodMoment } from './pod-recorder.ts';
import { describePool, readPoolHistory, type HistoryEvent } from './pool-history.ts';
import { until } from './environment.ts';

/** A workflow task may be tried anew after a kill; this is ample for it to pass. */
const settleMs = 30_000;

/**
 * Asserts for each pool:
 * - P1 live pods, those being deleted included, were never more than maxPods;
 * - a name was never given to a second pod in one life of the pool;
 * - P3 no claimed pod was deleted inside its lease, `released` ones (by uid) aside;
 * - P8 no workflow task has failed, and none is being tried again for good.
 */
export async function checkInvariants(options: {
  environment: Environment;
  pools: string[];
  /** Pods whose holders gave them up, or that the test itself ended. */
  released?: ReadonlySet<string>;
  /** How often the pools were created: one that was deleted counts its pods anew from what is left. */
  lives?: number;
}): Promise<void> {
  const { environment, pools, released = new Set<string>(), lives = 1 } = options;
  await environment.recorder.caughtUp();
  for (const pool of pools) {
    const { events, input } = await readPoolHistory(environment.client, pool);
    assert.deepEqual(workflowTaskFailures(events), [], `workflow tasks of ${pool} failed`);
    const moments = environment.recorder.moments(pool);
    checkCount(pool, moments, input.spec.maxPods);
    checkNames(pool, moments, lives);
    checkLeases(pool, moments, released);
    await until({
      what: `the workflow task of ${pool}`,
      timeoutMs: settleMs,
      ask: () => describePool(environment.client, pool),
      holds: ({ workflowTaskAttempt }) => workflowTaskAttempt <= 1,
    });
  }
}

const { WorkflowTaskFailedCause } = proto.temporal.api.enums.v1;

/** Causes by which the server takes a task back to give it again at once; nothing is wrong then. */
const harmless: unknown[] = [
  // A message overtook the continue-as-new that the task had decided on.
  WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
  // More than 100 events came while the task ran: the server ends it to write them down.
  WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
];

/** Causes and messages of workflow tasks that failed for a reason of ours. */
function workflowTaskFailures(events: HistoryEvent[]): string[] {
  return events
    .map((event) => event.workflowTaskFailedEventAttributes)
    .filter((failed) => failed !== null && failed !== undefined)
    .filter(({ cause }) => !harmless.includes(cause))
    .map(({ cause, failure }) => `${WorkflowTaskFailedCause[cause ?? 0]}: ${failure?.message}`);
}

function checkCount(pool: string, moments: PodMoment[], maxPods: number): void {
  const live = new Set<string>();
  for (const { uid, isDeleted } of moments) {
    if (isDeleted) live.delete(uid);
    else live.add(uid);
    assert.ok(live.size <= maxPods, `${pool} had ${live.size} pods, more than maxPods ${maxPods}`);
  }
}

function checkNames(pool: string, moments: PodMoment[], lives: number): void {
  const uids = new Map<string, Set<string>>();
  for (const { name, uid } of moments) {
    const known = uids.get(name) ?? new Set();
    uids.set(name, known.add(uid));
    assert.ok(known.size <= lives, `${pool} gave the name ${name} to ${known.size} pods`);
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
