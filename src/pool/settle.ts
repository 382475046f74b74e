/**
 * Takes outcomes of actions into the state.
 *
 * T1. A timeout says nothing of a pod (P5): the record keeps its name and is launched again.
 * T2. Only what was read off a pod, or refused by the API server, is charged as a failure.
 * T3. An outcome of a record that has ended meanwhile changes nothing but what was read.
 */
import type { Outcome, RetireResult, SpawnResult } from './actions.ts';
import { copyOf, copyWith } from './copy-map.ts';
import { disturb, isTakenAway } from './disturbances.ts';
import { charge, crashOf, isCrash, recover, type Failure } from './failures.ts';
import { holdLeases } from './leases.ts';
import { forget, observe, observeList } from './observe.ts';
import type { PodView } from './pod-view.ts';
import { withhold } from './quota.ts';
import { noVersion } from './resource-version.ts';
import { maxRecentStarts, type PodRecord, type PodTask, type PoolState } from './state.ts';

/** Pause before an activity that ended without a verdict is launched again. */
const relaunchAfterMs = 2_000;

/** A list that still shows a pod which was deleted is believed only after this: it began before that. */
const deletionBelievedMs = 60_000;

/** Shortest pause between lists while things change, and the first of a quiet pool. */
const shortestResyncMs = 60_000;

/** Longest pause between lists of a quiet pool: 24 lists a day cost next to nothing. */
const longestResyncMs = 3_600_000;

/** The state after one outcome. */
export function settle(state: PoolState, outcome: Outcome, nowMs: number): PoolState {
  switch (outcome.kind) {
    case 'spawn':
      return settleSpawn(state, outcome.podName, outcome.result, nowMs);
    case 'retire':
      return settleRetire(state, outcome.podName, outcome.result, nowMs);
    case 'observe':
      return settleObserve(state, outcome.result, nowMs);
    case 'publish': {
      const { underWay } = state.publish;
      const isDone = outcome.result.outcome === 'published';
      return {
        ...state,
        publish: {
          underWay: null,
          published: isDone ? underWay : state.publish.published,
          publishedAtMs: isDone ? nowMs : state.publish.publishedAtMs,
          retryAtMs: nowMs + (isDone ? 0 : relaunchAfterMs),
        },
      };
    }
  }
}

function settleSpawn(
  state: PoolState,
  podName: string,
  result: SpawnResult,
  nowMs: number,
): PoolState {
  const done = taskDone(state, podName, 'spawn');
  switch (result.outcome) {
    case 'ready':
      return afterReady(read(done, result.pod, nowMs), result.pod, nowMs);
    case 'gone':
      return afterGone(ended(done, podName), state, podName, nowMs);
    case 'nameTaken':
      return ended(done, podName);
    case 'failed': {
      // First the intent, so that the end of a pod that the spawn gave up is nobody else's doing.
      const given = retireLater(done, podName);
      const failed = retireLater(read(given, result.pod, nowMs), podName);
      return blame(failed, { ...failureOf(state, podName), ...result }, result.pod, nowMs);
    }
    case 'refused': {
      const failure = { ...failureOf(state, podName), ...result };
      const isQuota = state.rules >= 2 && result.reason === 'quota';
      return (isQuota ? withhold : charge)(ended(done, podName), failure, nowMs);
    }
    case 'noVerdict':
      return relaunchLater(done, podName, result.message, nowMs);
  }
}

function settleRetire(
  state: PoolState,
  podName: string,
  result: RetireResult,
  nowMs: number,
): PoolState {
  const done = taskDone(state, podName, 'retire');
  switch (result.outcome) {
    case 'deleted': {
      const deleted = read(done, { ...result.pod, terminating: true }, nowMs);
      const judged = afterDeletion(deleted, state.records[podName], result.pod, nowMs);
      return terminating(judged, result.pod, nowMs);
    }
    case 'gone':
      return afterGone(ended(done, podName), state, podName, nowMs);
    case 'notOurs':
      return ended(done, podName);
    case 'claimedMeanwhile':
    case 'readyMeanwhile':
      return keep(read(done, result.pod, nowMs), podName);
    case 'renewedMeanwhile':
      return retryLater(read(done, result.pod, nowMs), podName, nowMs);
    case 'noVerdict':
      return relaunchLater(done, podName, result.message, nowMs);
  }
}

/**
 * A card that somebody deletes, or that a restored cluster has lost, leaves the API without the pool:
 * with a list of the pods it is written again when it was last written this long ago.
 */
const cardTrustedForMs = 600_000;

function cardAfterList({ rules, publish }: PoolState, nowMs: number): PoolState['publish'] {
  const isTrusted = rules < 2 || nowMs - publish.publishedAtMs < cardTrustedForMs;
  return isTrusted ? publish : { ...publish, published: null };
}

function settleObserve(
  state: PoolState,
  result: Extract<Outcome, { kind: 'observe' }>['result'],
  nowMs: number,
): PoolState {
  const { launchedAtVersion } = state.observe;
  if (result.outcome === 'noVerdict') {
    return {
      ...state,
      trouble: { atMs: nowMs, message: result.message },
      observe: { ...state.observe, launchedAtVersion: null, dueAtMs: nowMs + relaunchAfterMs },
    };
  }
  const listed = observeList({
    state,
    list: result.list,
    launchedAtVersion: launchedAtVersion ?? noVersion,
    nowMs,
  });
  // A new life that finds claims knows of no wake-up that it missed: holders may renew first (E3).
  const isNewToClaims = !state.observed && result.list.pods.some(({ claimed }) => claimed);
  const settled = isNewToClaims ? holdLeases(listed, nowMs) : listed;
  const { listLaunchedAtMs: listedAtMs } = state.lease;
  const isQuiet = !listed.observe.changed && listed.observe.intervalMs > 0;
  const intervalMs = isQuiet
    ? Math.min(longestResyncMs, listed.observe.intervalMs * 2)
    : shortestResyncMs;
  // What was told before the cluster was known was passed over, and may be newer than the list.
  const isBehind = state.cluster === null && state.observe.changed;
  return {
    ...settled,
    lease: { ...settled.lease, listedAtMs },
    trouble: listed.trouble === state.trouble ? null : listed.trouble,
    publish: cardAfterList(settled, nowMs),
    observe: {
      launchedAtVersion: null,
      dueAtMs: nowMs + (isBehind ? 0 : intervalMs),
      intervalMs,
      changed: false,
    },
  };
}

/** Takes one reading in, exactly as a message of the watcher would. */
function read(state: PoolState, pod: PodView, nowMs: number): PoolState {
  if (state.cluster === null) return state;
  const { cluster } = state;
  const observation = { cluster, version: pod.version, pods: [pod], gone: [], complete: false };
  return observe(state, observation, nowMs);
}

function afterReady(state: PoolState, pod: PodView, nowMs: number): PoolState {
  const tookMs = (pod.readyChangedAtMs ?? pod.createdAtMs) - pod.createdAtMs;
  const isCurrent = pod.templateHash === state.spec.templateHash;
  return {
    ...state,
    trouble: null,
    failures: isCurrent ? recover(state, nowMs) : state.failures,
    recentStartMs: [...state.recentStartMs, Math.max(0, tookMs)].slice(-maxRecentStarts),
  };
}

/** A pod that somebody else deleted: the watcher, who tells the same, may come later. */
function afterGone(next: PoolState, before: PoolState, podName: string, nowMs: number): PoolState {
  const known = before.records[podName];
  if (before.rules < 2 || known === undefined) return next;
  const { uid, version, reason } = known.pod ?? { uid: '', version: before.highestVersion };
  const pod = { name: podName, uid, version };
  if (!isTakenAway({ state: before, known, pod, nowMs })) return next;
  return disturb(next, [{ name: podName, reason: reason ?? null }], nowMs);
}

/** A failed spawn is its template's fault, unless the pod was evicted or its node took it along (T2). */
function blame(state: PoolState, failure: Failure, pod: PodView, nowMs: number): PoolState {
  const isTaken = pod.disrupted === true || (pod.ended && pod.reason && !isCrash(pod.reason));
  if (state.rules < 2 || !isTaken) return charge(state, failure, nowMs);
  return disturb(state, [{ name: pod.name, reason: failure.reason }], nowMs);
}

/** A pod that was ended for not being Ready: a crash is charged, anything else slows the pool down. */
function afterDeletion(
  state: PoolState,
  record: PodRecord | undefined,
  pod: PodView,
  nowMs: number,
): PoolState {
  const crash = crashOf(record, pod);
  if (crash !== null) return charge(state, crash, nowMs);
  if (state.rules < 2 || record?.retiring !== 'unready') return state;
  return disturb(state, [{ name: pod.name, reason: pod.reason ?? 'NotReady' }], nowMs);
}

/** What a failure of a spawn is charged by, besides its reason. */
function failureOf(
  state: PoolState,
  podName: string,
): { podName: string; startedAtMs: number; templateHash: string } {
  const record = state.records[podName];
  const templateHash = record?.templateHash ?? '';
  return { podName, startedAtMs: record?.sinceMs ?? 0, templateHash };
}

function taskDone(state: PoolState, podName: string, task: PodTask): PoolState {
  const record = state.records[podName];
  if (record === undefined) return state;
  const tasks = record.tasks.filter((other) => other !== task);
  return { ...state, records: copyWith(state.records, podName, { ...record, tasks }) };
}

/** Ends a record that an activity has read to be absent. */
function ended(state: PoolState, podName: string): PoolState {
  const record = state.records[podName];
  if (record === undefined) return state;
  const next = {
    ...state,
    records: copyOf(state.records),
    endedNames: copyOf(state.endedNames),
  };
  forget(next, podName, record.pod?.version ?? state.floorVersion);
  return next;
}

/**
 * Marks a pod that was deleted at the version it is known at, so that no second retirement is
 * launched before the watcher tells of its end.
 */
function terminating(state: PoolState, deleted: PodView, nowMs: number): PoolState {
  const record = state.records[deleted.name];
  if (state.rules < 2 || record?.pod?.uid !== deleted.uid) return state;
  const pod = { ...record.pod, terminating: true };
  const believed = { ...record, pod, retryAtMs: nowMs + deletionBelievedMs };
  return { ...state, records: copyWith(state.records, deleted.name, believed) };
}

/** The API server's clock runs behind the pool's, or the holder renewed: judged again after a pause. */
function retryLater(state: PoolState, podName: string, nowMs: number): PoolState {
  const record = state.records[podName];
  if (record === undefined) return state;
  const waiting = { ...record, retiring: null, retryAtMs: nowMs + relaunchAfterMs };
  return { ...state, records: copyWith(state.records, podName, waiting) };
}

function retireLater(state: PoolState, podName: string): PoolState {
  const record = state.records[podName];
  if (record === undefined) return state;
  return {
    ...state,
    records: copyWith(state.records, podName, { ...record, retiring: 'failed' }),
  };
}

function keep(state: PoolState, podName: string): PoolState {
  const record = state.records[podName];
  if (record === undefined) return state;
  return { ...state, records: copyWith(state.records, podName, { ...record, retiring: null }) };
}

function relaunchLater(
  state: PoolState,
  podName: string,
  message: string,
  nowMs: number,
): PoolState {
  const trouble = { atMs: nowMs, message };
  const record = state.records[podName];
  if (record === undefined) return { ...state, trouble };
  const waiting = { ...record, retryAtMs: nowMs + relaunchAfterMs };
  return { ...state, trouble, records: copyWith(state.records, podName, waiting) };
}
