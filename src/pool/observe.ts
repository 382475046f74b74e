/**
 * Takes observations into the state.
 *
 * O1. Observations commute, repeat and arrive late without harm: resourceVersion is their clock.
 * O2. A record ends by a gone pod, or by a complete observation that lacks it and is not older than
 *     its last reading. A record whose pod was never read stays: its spawn may be creating it.
 * O3. An unknown pod is taken in unless it is known to have ended (S4), claimed ones as claimed.
 * O4. A consistent list older than what the pool knew when it was launched means that the cluster's
 *     history was rewound (an etcd restore): its versions start anew and all records follow it. When
 *     versions have caught up before that, any list that contradicts a record wins as well.
 */
import { copyOf } from './copy-map.ts';
import { serveDemand } from './demand.ts';
import { disturb, isTakenAway } from './disturbances.ts';
import { charge, crashOf, type Failure } from './failures.ts';
import { endedUnseen, holdLeases } from './leases.ts';
import type { CordonedNodesView, GonePod, Observation } from './observation.ts';
import type { PodView } from './pod-view.ts';
import { grant } from './quota.ts';
import { isKey, podOrdinal } from './names.ts';
import { compareVersions, newerVersion, noVersion } from './resource-version.ts';
import { maxEndedNames, type PodRecord, type PoolState } from './state.ts';

/**
 * The state after a message of a watcher. A new life believes none before its first list has told it
 * which cluster it lives in: a process that watches another one may be the first to speak.
 */
export function hear(state: PoolState, observation: Observation, nowMs: number): PoolState {
  if (state.rules < 2 || state.cluster !== null) return observe(state, observation, nowMs);
  return { ...state, observe: { ...state.observe, changed: true } };
}

/** The state after an observation. One of another cluster changes nothing but `trouble`. */
export function observe(state: PoolState, observation: Observation, nowMs: number): PoolState {
  if (state.cluster !== null && state.cluster !== observation.cluster) {
    const message = `pods were read from cluster ${observation.cluster}, but this pool lives in ${state.cluster}`;
    return { ...state, trouble: { atMs: nowMs, message } };
  }
  const next: PoolState = {
    ...state,
    cluster: observation.cluster,
    records: copyOf(state.records),
    // A thousand names take longer to copy than all the rest of a reading, and most readings end nothing.
    endedNames: endsNothing(observation) ? state.endedNames : copyOf(state.endedNames),
  };
  let isLeaseUnseen = false;
  const crashes: Failure[] = [];
  const disturbed: { name: string; reason: string | null }[] = [];
  for (const pod of observation.pods.filter(({ name }) => isKey(name))) {
    const known = next.records[pod.name];
    const before = known?.pod;
    if (!takeIn(next, pod, observation, nowMs)) continue;
    const isNewClaim = pod.claimed && !(before?.claimed === true && before.uid === pod.uid);
    if (isNewClaim) {
      noteClaim(next, pod);
      isLeaseUnseen ||= endedUnseen(pod.leaseExpiresAtMs, nowMs);
    }
    const crash = known?.retiring === null ? crashOf(known, pod) : null;
    if (crash !== null) crashes.push(crash);
    if (isTakenAway({ state: next, known, pod, nowMs })) {
      disturbed.push({ name: pod.name, reason: pod.reason ?? null });
    }
    next.releases = countRelease(next.releases, before, pod);
  }
  for (const gone of observation.gone.filter(({ name }) => isKey(name))) {
    const known = next.records[gone.name];
    if (gone.claimed !== true && isTakenAway({ state: next, known, pod: gone, nowMs })) {
      disturbed.push({ name: gone.name, reason: known?.pod?.reason ?? null });
    }
    if (isFirstEnd(state, known, gone)) {
      next.releases = countRelease(next.releases, known?.pod, gone);
    }
    if (isUnseenClaim(state, known, gone)) {
      next.demand = serveDemand(next.demand, gone.version).demand;
    }
    end(next, gone);
  }
  next.cordoned = newerCordoned(state.cordoned, observation.cordoned);
  if (observation.complete) endWhatIsLacking(next, observation);
  if (isOfThePast(state, observation)) {
    next.observe = { ...next.observe, dueAtMs: nowMs, changed: true };
  }
  boundEndedNames(next, state);
  next.highestVersion = newerVersion(state.highestVersion, observation.version);
  const held = isLeaseUnseen ? holdLeases(next, nowMs) : next;
  if (state.rules < 2) return held;
  const charged = crashes.reduce((known, crash) => charge(known, crash, nowMs), held);
  return disturb(charged, disturbed, nowMs);
}

/**
 * Whether all pods are told as of a version that is older than the newest one known. Either the
 * watcher lags behind what others have read, or the cluster was set back: a list tells at once (O4).
 */
function isOfThePast(state: PoolState, { complete, version }: Observation): boolean {
  return state.rules >= 2 && complete && compareVersions(version, state.highestVersion) < 0;
}

/** The state after a consistent list that was launched when the pool knew `launchedAtVersion`. */
export function observeList(options: {
  state: PoolState;
  list: Observation;
  launchedAtVersion: string;
  nowMs: number;
}): PoolState {
  const { state, list, launchedAtVersion, nowMs } = options;
  if (compareVersions(list.version, launchedAtVersion) >= 0) {
    return { ...observe(state, list, nowMs), observed: true };
  }
  const unread = Object.entries(state.records).filter(([, record]) => record.pod === null);
  const rewound: PoolState = {
    ...state,
    records: Object.fromEntries(unread),
    endedNames: {},
    floorVersion: noVersion,
    highestVersion: noVersion,
    cordoned: { version: noVersion, nodes: [] },
  };
  return { ...observe(rewound, list, nowMs), observed: true };
}

/** What was seen last, whatever came last. */
function newerCordoned(
  known: CordonedNodesView,
  seen: CordonedNodesView | undefined,
): CordonedNodesView {
  return seen === undefined || compareVersions(seen.version, known.version) < 0 ? known : seen;
}

/** Whether a reading leaves the names of ended pods as they are. */
function endsNothing({ gone, complete }: Observation): boolean {
  return gone.length === 0 && !complete;
}

/** Counts a pod that its holder gave up with a reason, when a reading is the first to tell it. */
function countRelease(
  releases: PoolState['releases'],
  before: PodView | null | undefined,
  { name, releaseReason }: PodView | GonePod,
): PoolState['releases'] {
  if (releaseReason === undefined || before?.releaseReason !== undefined) return releases;
  return { count: releases.count + 1, lastReason: releaseReason, lastPod: name };
}

/** Whether the reading was news. */
function takeIn(next: PoolState, pod: PodView, asked: Asked, nowMs: number): boolean {
  const known = next.records[pod.name];
  if (known === undefined) {
    const endedAt = newerVersion(next.floorVersion, next.endedNames[pod.name] ?? noVersion);
    if (!isNewer(pod, asked, endedAt)) return false;
    const ordinal = podOrdinal(next.pool, pod.name);
    if (ordinal !== null) next.nextOrdinal = Math.max(next.nextOrdinal, ordinal + 1);
  } else if (known.pod !== null && pod.version === known.pod.version) {
    // Only a restore makes two readings of one version differ, but for a deletion of our own, which
    // is believed in until a list comes that began after it.
    const isOfAnotherPast = asked.complete && !isSame(known.pod, pod);
    if (!isOfAnotherPast || nowMs < known.retryAtMs) return false;
  } else if (known.pod !== null && !isNewer(pod, asked, known.pod.version)) {
    return false;
  }
  if (known?.pod === null) next.quota = grant(next.quota, known.sinceMs);
  next.records[pod.name] = reread(known, pod, nowMs);
  next.observe = { ...next.observe, changed: true };
  return true;
}

type Asked = Pick<Observation, 'complete' | 'version'>;

/**
 * Whether a reading tells more than what was known at a version. A full list knows of every pod up to
 * its own version, however long ago the pod was written; one that has what had ended, or has it older
 * than it was read, shows that the cluster was set back (O4).
 */
function isNewer(pod: PodView, { complete, version }: Asked, known: string): boolean {
  if (compareVersions(pod.version, known) > 0) return true;
  return complete && compareVersions(version, known) >= 0;
}

/** Whether two readings agree in all that decides. */
function isSame(a: PodView, b: PodView): boolean {
  const { uid, ready, claimed, terminating, ended } = a;
  const isAlike = uid === b.uid && ready === b.ready && claimed === b.claimed;
  return isAlike && terminating === b.terminating && ended === b.ended;
}

/**
 * Whether this is the first to tell of the end of a record's pod. One that was claimed and given back
 * within the 200 ms before its spawn is told of ends before it was ever read.
 */
function isFirstEnd({ rules }: PoolState, known: PodRecord | undefined, gone: GonePod): boolean {
  return known?.pod?.uid === gone.uid || (rules >= 2 && known?.pod === null);
}

/** Whether a pod was claimed and given back between two readings: its claim served one who waited (D2). */
function isUnseenClaim(state: PoolState, known: PodRecord | undefined, gone: GonePod): boolean {
  if (state.rules < 2 || gone.claimed !== true) return false;
  return isFirstEnd(state, known, gone) && known?.pod?.claimed !== true;
}

/** Counts a new claim among those who wait, and remembers in whose report (D2). */
function noteClaim(next: PoolState, { name, version }: PodView): void {
  const { demand, claim } = serveDemand(next.demand, version);
  next.demand = demand;
  const record = next.records[name];
  if (next.rules >= 2 && record !== undefined) next.records[name] = { ...record, claim };
}

/** A record after a newer reading. A claim ends the intent to retire: the claim has won (P3). */
function reread(known: PodRecord | undefined, pod: PodView, nowMs: number): PodRecord {
  const same = known?.pod?.uid === pod.uid ? known : undefined;
  const wasReady = same !== undefined && (same.pod?.ready === true || same.unreadySinceMs !== null);
  return {
    name: pod.name,
    templateHash: pod.templateHash,
    sinceMs: known?.sinceMs ?? nowMs,
    pod,
    unreadySinceMs: pod.ready || !wasReady ? null : (same.unreadySinceMs ?? nowMs),
    tasks: known?.tasks ?? [],
    retiring: pod.claimed ? null : (known?.retiring ?? null),
    retryAtMs: known?.retryAtMs ?? 0,
    ...(pod.claimed && same?.claim !== undefined && { claim: same.claim }),
  };
}

function end(next: PoolState, gone: GonePod): void {
  const record = next.records[gone.name];
  const isOfAnother = record?.pod !== null && record?.pod.uid !== gone.uid;
  if (record?.pod && isOfAnother && compareVersions(gone.version, record.pod.version) <= 0) return;
  forget(next, gone.name, gone.version);
}

function endWhatIsLacking(next: PoolState, snapshot: Observation): void {
  const present = new Set(snapshot.pods.map((pod) => pod.name));
  for (const record of Object.values(next.records)) {
    if (record.pod === null || present.has(record.name)) continue;
    if (compareVersions(record.pod.version, snapshot.version) <= 0) {
      forget(next, record.name, snapshot.version);
    }
  }
  next.floorVersion = newerVersion(next.floorVersion, snapshot.version);
  for (const [name, version] of Object.entries(next.endedNames)) {
    if (compareVersions(version, next.floorVersion) <= 0) deleteKey(next.endedNames, name);
  }
}

/** Ends a record in a state that is being made: its name stays remembered at the version given. */
export function forget(next: PoolState, name: string, version: string): void {
  if (next.records[name] !== undefined) {
    deleteKey(next.records, name);
    next.observe = { ...next.observe, changed: true };
  }
  next.endedNames[name] = newerVersion(next.endedNames[name] ?? noVersion, version);
}

/** Names known to be few enough: counting a thousand takes longer than taking a reading in. */
const bounded = new WeakSet<PoolState['endedNames']>();

/**
 * Keeps the oldest ends out of the state by raising the floor to them. An unknown pod read before
 * the raised floor is then ignored until the next full list takes it in, which comes within a
 * minute of any change: late, but never wrong.
 */
function boundEndedNames(next: PoolState, before: PoolState): void {
  if (bounded.has(next.endedNames)) return;
  const names = Object.entries(next.endedNames);
  const excess = names.length - maxEndedNames;
  if (excess > 0 && next.endedNames === before.endedNames)
    next.endedNames = copyOf(before.endedNames);
  bounded.add(next.endedNames);
  if (excess <= 0) return;
  const oldest = names.sort(([, a], [, b]) => compareVersions(a, b)).slice(0, excess);
  for (const [name, version] of oldest) {
    deleteKey(next.endedNames, name);
    next.floorVersion = newerVersion(next.floorVersion, version);
  }
}

function deleteKey<T>(map: Record<string, T>, key: string): void {
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the state is plain JSON, so no Map
  delete map[key];
}
