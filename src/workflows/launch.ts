/** Launches actions as activities and reports what became of each. */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  proxyActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { Action, NoVerdict, Outcome, SpawnResult } from '../pool/actions.ts';
import { heartbeatTimeoutMs, spawnDeadlines } from '../pool/deadlines.ts';
import { pendingAhead } from '../pool/pending-ahead.ts';
import { readPodView } from '../pool/pod-view.ts';
import type { PoolSpec } from '../pool/pool-spec.ts';
import { readListResult, readRetireResult, readSpawnResult } from '../pool/read-outcome.ts';
import type { PodRecord, PoolState } from '../pool/state.ts';

/** Types of the failures of a spawn that are a verdict on the pod; nothing else is. */
const podFailed = 'PodFailed';
const podRefused = 'PodRefused';

/** The short activities answer within a few requests of 10 s each. */
const shortOptions: ActivityOptions = {
  startToCloseTimeout: '60s',
  scheduleToCloseTimeout: '3m',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '500ms', maximumInterval: '10s' },
};

/**
 * What hangs in a process that has died goes on elsewhere after the heartbeat timeout. Exported for the
 * test that reads it.
 */
export const beatingOptions: ActivityOptions = {
  ...shortOptions,
  heartbeatTimeout: heartbeatTimeoutMs,
};

const { retirePod, observePool } = proxyActivities<Activities>(beatingOptions);

/** Without beats: clearing a pool away relies on having the whole minute to itself. */
const { publishPool } = proxyActivities<Activities>(shortOptions);

/**
 * The options of a spawn, from the spec and from how many pods the pool waits for at once (P6).
 * Exported for the test that reads them.
 */
export function spawnOptions(
  spec: Pick<PoolSpec, 'podReadySeconds'>,
  pending: number,
): ActivityOptions {
  const deadlines = spawnDeadlines(spec, pending);
  return {
    startToCloseTimeout: deadlines.startToCloseMs,
    scheduleToCloseTimeout: deadlines.scheduleToCloseMs,
    heartbeatTimeout: deadlines.heartbeatMs,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: '1s',
      maximumInterval: '10s',
      nonRetryableErrorTypes: [podFailed, podRefused],
    },
  };
}

/** What the loop launches with. */
export interface Launcher {
  launch(action: Action, state: PoolState): void;
  /** Cancels the wait for pods that have ended meanwhile. */
  cancelSpawnsWithout(records: Record<string, PodRecord>): void;
}

/**
 * A launcher that reports each outcome once. Reporting must not throw.
 *
 * A spawn that was called off is over for the workflow at once, yet Temporal keeps its activityId until
 * the worker has answered, or has been silent for the heartbeat timeout. A pod that comes back under the
 * name meanwhile (docs/adr/0008) is waited for under an id of its own: the same one fails the workflow task.
 */
export function createLauncher(report: (outcome: Outcome) => void, rules: number): Launcher {
  const spawns = new Map<string, CancellationScope>();
  /** How many spawns of a name were called off; names of pods that came and went unread, so few. */
  const calledOff = new Map<string, number>();
  // All spawns of a pass are launched from one state, and counting its pods takes as long as a launch.
  let counted: { state: PoolState; ahead: number } | null = null;
  const ahead = (state: PoolState): number => {
    if (counted?.state !== state) counted = { state, ahead: pendingAhead(state) };
    return counted.ahead;
  };

  const callOff = (podName: string, scope: CancellationScope): void => {
    spawns.delete(podName);
    calledOff.set(podName, (calledOff.get(podName) ?? 0) + 1);
    scope.cancel();
  };

  const activityIdOf = (podName: string): string => {
    const before = calledOff.get(podName) ?? 0;
    return rules < 3 || before === 0 ? podName : `${podName}~${before + 1}`;
  };

  const spawn = (action: Extract<Action, { kind: 'spawn' }>, state: PoolState): void => {
    const { podName, templateHash, uid } = action;
    // Gone and back within one message: the spawn of the pod that went still waits.
    const former = spawns.get(podName);
    if (rules >= 3 && former !== undefined) callOff(podName, former);
    const scope = new CancellationScope();
    spawns.set(podName, scope);
    const { spawnPod } = proxyActivities<Activities>(spawnOptions(state.spec, ahead(state)));
    const { pool, namespace, cluster } = state;
    const { podReadySeconds } = state.spec;
    const input = { pool, namespace, cluster, podName, templateHash, uid, podReadySeconds };
    const options = {
      activityId: activityIdOf(podName),
      summary: `${uid === null ? 'spawn' : 'adopt'} ${podName}`,
    };
    const settle = (result: SpawnResult): void => {
      const isCurrent = spawns.get(podName) === scope;
      if (isCurrent) spawns.delete(podName);
      // What was called off says nothing, and least of all of the pod that has the name now.
      else if (rules >= 3) return;
      report({ kind: 'spawn', podName, result });
    };
    void scope
      .run(() => spawnPod.executeWithOptions(options, [input]))
      .then(
        (answer: unknown) => settle(readSpawnResult(answer)),
        (error: unknown) => settle(spawnVerdict(error)),
      );
  };

  const launch = (action: Action, state: PoolState): void => {
    const { pool, namespace, cluster } = state;
    switch (action.kind) {
      case 'spawn':
        spawn(action, state);
        break;
      case 'retire': {
        const { podName, uid, reason, onlyIfNotReady, isLeaseOver } = action;
        const judged = { uid, reason, onlyIfNotReady, isLeaseOver };
        const input = { pool, namespace, cluster, podName, ...judged };
        const options = {
          activityId: `retire-${podName}`,
          summary: `retire ${podName}: ${reason}`,
        };
        void retirePod.executeWithOptions(options, [input]).then(
          (answer: unknown) =>
            report({ kind: 'retire', podName, result: readRetireResult(answer) }),
          (error: unknown) => report({ kind: 'retire', podName, result: noVerdict(error) }),
        );
        break;
      }
      case 'observe':
        void observePool
          .executeWithOptions({ summary: 'list the pods' }, [
            { pool, namespace, cluster, keepTemplates: templatesInUse(state) },
          ])
          .then(
            (answer: unknown) => report({ kind: 'observe', result: readListResult(answer) }),
            (error: unknown) => report({ kind: 'observe', result: noVerdict(error) }),
          );
        break;
      case 'publish':
        void publishPool
          .executeWithOptions({ summary: `card: ${action.card?.phase ?? 'removed'}` }, [
            { pool, namespace, card: action.card },
          ])
          .then(
            () => report({ kind: 'publish', result: { outcome: 'published' } }),
            (error: unknown) => report({ kind: 'publish', result: noVerdict(error) }),
          );
        break;
    }
  };

  return {
    launch,
    cancelSpawnsWithout(records) {
      for (const [podName, scope] of spawns) {
        if (records[podName] === undefined) callOff(podName, scope);
      }
    },
  };
}

/** Templates that a record, the current or the previous spec names; the rest may be swept. */
function templatesInUse(state: PoolState): string[] {
  const used = Object.values(state.records).map((record) => record.templateHash);
  const previous = state.previousTemplateHash === null ? [] : [state.previousTemplateHash];
  return [...new Set([state.spec.templateHash, ...previous, ...used])];
}

/** Only a failure of the two types is a verdict; a timeout or a cancellation says nothing (T1, T2). */
function spawnVerdict(error: unknown): SpawnResult {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const { type, message, details } = cause;
    const [said, read]: unknown[] = details ?? [];
    const reason = typeof said === 'string' ? said : '';
    const pod = readPodView(read);
    if (type === podRefused) return { outcome: 'refused', reason, message };
    if (type === podFailed && pod !== null) return { outcome: 'failed', reason, message, pod };
  }
  return noVerdict(error);
}

function noVerdict(error: unknown): NoVerdict {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return { outcome: 'noVerdict', message: cause instanceof Error ? cause.message : String(cause) };
}
