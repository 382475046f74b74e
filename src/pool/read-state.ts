/**
 * Reads a state that another run has carried, written by this release, an older or a newer one (P11).
 *
 * Every field is read by itself and gets the value of a new life when it is missing or is not what it
 * should be, at every depth: a field that this release adds is then never undefined in an old state.
 * What can't be read of the pods makes the pool list them before it plans, so nothing is made twice.
 */
import type { Deletions } from './brakes.ts';
import { isKey, podOrdinal } from './names.ts';
import { readCordoned } from './observation.ts';
import { isPodName, isUid, readPodView } from './pod-view.ts';
import { repairPoolLabels } from './pool-labels.ts';
import { isVersion } from './resource-version.ts';
import { repairPoolSpec } from './spec.ts';
import {
  maxEndedNames,
  maxRecentStarts,
  type PodRecord,
  type PodTask,
  type PoolState,
  type ReplicaDemand,
  type RetireReason,
} from './state.ts';
import { readTargetChanges } from './target-changes.ts';

/** The states that this release reads. */
const knownFormat = 1;

const retireReasons: Record<RetireReason, true> = {
  surplus: true,
  failed: true,
  ended: true,
  unready: true,
  drain: true,
  expired: true,
  stale: true,
  aged: true,
  idle: true,
  cordoned: true,
  disrupted: true,
};

/** A minute of entries of 5 s each, and one more. */
const maxDeletionEntries = 13;

const podTasks: Record<PodTask, true> = { spawn: true, retire: true };

/**
 * The state carried, with the pool's identity and rules of `fresh`; null when it is no state of a
 * known format, and the pool then starts a new life, which loses its history but no pod. Never throws.
 */
export function readState(carried: unknown, fresh: PoolState): PoolState | null {
  if (!isMapping(carried) || carried['format'] !== knownFormat) return null;
  if (!isMapping(carried['records'])) return null;
  const records = readEntries(carried['records'], readRecord);
  const isWhole = Object.keys(records).length === Object.keys(carried['records']).length;
  const { pool, namespace, rules } = fresh;
  return {
    ...{ format: knownFormat, pool, namespace, rules, records },
    ...readSettings(carried, fresh),
    ...readClock(carried, fresh, isWhole),
    ...readMemories(carried, fresh),
    ...readBrakes(carried, fresh),
    ...readDemandMemory(carried, fresh),
  };
}

/** What people have set. */
function readSettings(carried: Mapping, fresh: PoolState) {
  const { spec, previousTemplateHash: previous } = carried;
  return {
    spec: repairPoolSpec(spec) ?? fresh.spec,
    labels: carried['labels'] === undefined ? fresh.labels : repairPoolLabels(carried['labels']),
    previousTemplateHash: textOr(previous, fresh.previousTemplateHash),
    upsertSearchAttributes: flagOr(carried['upsertSearchAttributes'], fresh.upsertSearchAttributes),
    paused: flagOr(carried['paused'], fresh.paused),
    draining: flagOr(carried['draining'], fresh.draining),
    drainEndsAtMs: numberOr(carried['drainEndsAtMs'], null),
    drainIsOver: flagOr(carried['drainIsOver'], fresh.drainIsOver),
  };
}

/** Which cluster was seen, and up to when. */
function readClock(carried: Mapping, fresh: PoolState, isWhole: boolean) {
  const cluster = isUid(carried['cluster']) ? carried['cluster'] : null;
  const { highestVersion, floorVersion } = carried;
  const areVersionsKnown = isVersion(highestVersion) && isVersion(floorVersion);
  const ended = Object.entries(readEntries(carried['endedNames'], readVersion));
  const observe = mappingOf(carried['observe']);
  // A pod that is not remembered may exist all the same, and must be seen before one is made.
  const isTrusted = isWhole && areVersionsKnown;
  return {
    cluster,
    observed: isTrusted && cluster !== null && carried['observed'] === true,
    highestVersion: isVersion(highestVersion) ? highestVersion : fresh.highestVersion,
    floorVersion: isVersion(floorVersion) ? floorVersion : fresh.floorVersion,
    endedNames: Object.fromEntries(ended.slice(-maxEndedNames)),
    nextOrdinal: nextOrdinalAfter(carried, fresh),
    observe: {
      // Activities end with their run.
      launchedAtVersion: null,
      dueAtMs: isTrusted ? numberOr(observe['dueAtMs'], fresh.observe.dueAtMs) : 0,
      intervalMs: numberOr(observe['intervalMs'], fresh.observe.intervalMs),
      changed: flagOr(observe['changed'], fresh.observe.changed),
    },
  };
}

/** The ordinal carried, yet never one that a name of the state has had (S5). */
function nextOrdinalAfter(carried: Mapping, fresh: PoolState): number {
  const names = [
    ...Object.keys(mappingOf(carried['records'])),
    ...Object.keys(mappingOf(carried['endedNames'])),
  ];
  const used = names.map((name) => podOrdinal(fresh.pool, name) ?? -1);
  return used.reduce(
    (next, ordinal) => Math.max(next, ordinal + 1),
    countOr(carried['nextOrdinal'], fresh.nextOrdinal),
  );
}

/** What happened, as far as it decides or is shown. */
function readMemories(carried: Mapping, fresh: PoolState) {
  const failures = mappingOf(carried['failures']);
  const publish = mappingOf(carried['publish']);
  const releases = mappingOf(carried['releases']);
  const starts = Array.isArray(carried['recentStartMs']) ? carried['recentStartMs'] : [];
  return {
    failures: {
      consecutive: countOr(failures['consecutive'], fresh.failures.consecutive),
      rounds: countOr(failures['rounds'], fresh.failures.rounds),
      roundAtMs: numberOr(failures['roundAtMs'], null),
      lastReason: textOr(failures['lastReason'], null),
      lastMessage: textOr(failures['lastMessage'], null),
      lastPod: textOr(failures['lastPod'], null),
      lastAtMs: numberOr(failures['lastAtMs'], null),
      sinceMs: numberOr(failures['sinceMs'], null),
      crashedAtMs: numberOr(failures['crashedAtMs'], null),
      nextAttemptAtMs: numberOr(failures['nextAttemptAtMs'], null),
      allowance: numberOr(failures['allowance'], null),
    },
    trouble: readNote(carried['trouble']),
    lastRefusal: readNote(carried['lastRefusal']),
    publish: {
      underWay: textOr(publish['underWay'], null),
      published: textOr(publish['published'], null),
      publishedAtMs: numberOr(publish['publishedAtMs'], fresh.publish.publishedAtMs),
      retryAtMs: numberOr(publish['retryAtMs'], fresh.publish.retryAtMs),
    },
    recentStartMs: starts.filter(isNumber).slice(-maxRecentStarts),
    targetChanges: readTargetChanges(carried['targetChanges']),
    releases: {
      count: countOr(releases['count'], fresh.releases.count),
      lastReason: textOr(releases['lastReason'], null),
      lastPod: textOr(releases['lastPod'], null),
    },
  };
}

/** What holds the pool back: disturbances, the deletions of this minute, a target that flaps. */
function readBrakes(carried: Mapping, fresh: PoolState) {
  const disturbances = mappingOf(carried['disturbances']);
  const quota = mappingOf(carried['quota']);
  const deletions = Array.isArray(carried['deletions']) ? carried['deletions'] : [];
  const flapping = mappingOf(carried['flapping']);
  return {
    disturbances: {
      level: countOr(disturbances['level'], fresh.disturbances.level),
      count: countOr(disturbances['count'], fresh.disturbances.count),
      lastAtMs: numberOr(disturbances['lastAtMs'], null),
      lastPod: textOr(disturbances['lastPod'], null),
      lastReason: textOr(disturbances['lastReason'], null),
      untilMs: numberOr(disturbances['untilMs'], fresh.disturbances.untilMs),
    },
    cordoned: readCordoned(carried['cordoned']).cordoned ?? fresh.cordoned,
    quota: {
      rounds: countOr(quota['rounds'], fresh.quota.rounds),
      lastAtMs: numberOr(quota['lastAtMs'], null),
      lastMessage: textOr(quota['lastMessage'], null),
      untilMs: numberOr(quota['untilMs'], fresh.quota.untilMs),
      allowance: numberOr(quota['allowance'], null),
    },
    deletions: deletions.slice(-maxDeletionEntries).flatMap(readDeletion),
    flapping: {
      raisedAtMs: numberOr(flapping['raisedAtMs'], null),
      loweredAtMs: numberOr(flapping['loweredAtMs'], null),
      heldUntilMs: numberOr(flapping['heldUntilMs'], fresh.flapping.heldUntilMs),
    },
  };
}

/** Who waits, and from when on leases may be judged. */
function readDemandMemory(carried: Mapping, fresh: PoolState) {
  const lease = mappingOf(carried['lease']);
  return {
    demand: readEntries(carried['demand'], readReplica),
    demandedAtMs: numberOr(carried['demandedAtMs'], null),
    lease: {
      listLaunchedAtMs: numberOr(lease['listLaunchedAtMs'], fresh.lease.listLaunchedAtMs),
      listedAtMs: numberOr(lease['listedAtMs'], fresh.lease.listedAtMs),
      heldUntilMs: numberOr(lease['heldUntilMs'], fresh.lease.heldUntilMs),
    },
  };
}

/** A record; null when it names no pod, or another than its key, or its pod can't be read. */
function readRecord(value: unknown, key: string): PodRecord | null {
  if (!isMapping(value) || !isPodName(key) || value['name'] !== key) return null;
  const { templateHash, retiring, tasks } = value;
  const pod = readPodView(value['pod']);
  if (pod === null && (value['pod'] ?? null) !== null) return null;
  return {
    name: key,
    templateHash: textOr(templateHash, pod?.templateHash ?? ''),
    sinceMs: numberOr(value['sinceMs'], 0),
    pod,
    unreadySinceMs: numberOr(value['unreadySinceMs'], null),
    tasks: Array.isArray(tasks) ? tasks.filter((task) => isOneOf(task, podTasks)) : [],
    retiring: isOneOf(retiring, retireReasons) ? retiring : null,
    retryAtMs: numberOr(value['retryAtMs'], 0),
    ...readSeenClaim(value['claim']),
  };
}

function readSeenClaim(value: unknown): Pick<PodRecord, 'claim'> {
  const { version, replica } = mappingOf(value);
  return isVersion(version) ? { claim: { version, replica: textOr(replica, null) } } : {};
}

function readReplica(value: unknown): ReplicaDemand | null {
  const { waiting, version, expiresAtMs, served } = mappingOf(value);
  if (!isNumber(waiting) || !isVersion(version) || !isNumber(expiresAtMs)) return null;
  return { waiting, version, expiresAtMs, served: numberOr(served, 0) };
}

function readDeletion(value: unknown): Deletions {
  const { atMs, count, unready } = mappingOf(value);
  if (!isNumber(atMs)) return [];
  return [{ atMs, count: countOr(count, 0), unready: countOr(unready, 0) }];
}

function readNote(value: unknown): { atMs: number; message: string } | null {
  const { atMs, message } = mappingOf(value);
  return isNumber(atMs) && typeof message === 'string' ? { atMs, message } : null;
}

function readVersion(value: unknown): string | null {
  return isVersion(value) ? value : null;
}

type Mapping = Record<string, unknown>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mappingOf(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

/** What can be read of a mapping. Keys that every object inherits are left out. */
function readEntries<T>(
  value: unknown,
  read: (item: unknown, key: string) => T | null,
): Record<string, T> {
  const entries: [string, T][] = [];
  for (const [key, item] of Object.entries(mappingOf(value))) {
    const known = isKey(key) ? read(item, key) : null;
    if (known !== null) entries.push([key, known]);
  }
  return Object.fromEntries(entries);
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isOneOf<T extends string>(value: unknown, known: Record<T, true>): value is T {
  return typeof value === 'string' && Object.hasOwn(known, value);
}

function numberOr<T>(value: unknown, otherwise: T): number | T {
  return isNumber(value) ? value : otherwise;
}

function countOr(value: unknown, otherwise: number): number {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : otherwise;
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}

function flagOr(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : otherwise;
}
