/**
 * What a pool remembers: plain JSON, so that it survives continue-as-new.
 *
 * S1. A record is made before its pod is (`begin`), so no later plan counts a pod twice.
 * S2. Only what was read off the cluster ends a record; a timeout of Temporal's never does.
 * S3. `pod` is the newest reading by resourceVersion, whatever order readings arrived in.
 * S4. A name once ended is not taken up again from a reading that is older than its end.
 * S5. `nextOrdinal` only rises, so a name is never used for a second pod.
 */
import {
  noDisturbances,
  noQuota,
  type Deletions,
  type Disturbances,
  type QuotaMemory,
} from './brakes.ts';
import type { CordonedNodesView } from './observation.ts';
import type { PodView } from './pod-view.ts';
import type { PoolLabels } from './pool-labels.ts';
import type { PoolSpec } from './pool-spec.ts';
import { noVersion } from './resource-version.ts';
import type { TargetChange } from './target-changes.ts';

/** Why the pool ends a pod; shown to people and used as a label of metrics. */
export type RetireReason =
  | 'surplus'
  | 'failed'
  | 'ended'
  | 'unready'
  | 'drain'
  | 'expired'
  | 'stale'
  | 'aged'
  | 'idle'
  | 'cordoned'
  | 'disrupted';

/** The activity that is under way for a pod. */
export type PodTask = 'spawn' | 'retire';

/** How a claim was first seen. */
export interface SeenClaim {
  /** Of the reading that told it. */
  version: string;
  /** Whose report of those who wait it counts in; null: nobody's. */
  replica: string | null;
}

/** One pod that exists or is being made. */
export interface PodRecord {
  name: string;
  templateHash: string;
  /** When the record was made or the pod taken in, by the workflow's clock. */
  sinceMs: number;
  /** The pod as last read; null until it was read once. */
  pod: PodView | null;
  /** Since when a pod that was Ready is not; null while it is Ready or has never been. */
  unreadySinceMs: number | null;
  /** Activities under way for it: a pending pod can be retired while its spawn still waits. */
  tasks: PodTask[];
  /** Set once the pool has decided to end it. */
  retiring: RetireReason | null;
  /** No activity is launched again for it before this. */
  retryAtMs: number;
  /** Its claim while it has one; the rules of 0.1.0 remember none. */
  claim?: SeenClaim;
}

/** What the pool remembers of failed spawns. */
export interface FailureMemory {
  /** Failures since a pod last became warm. */
  consecutive: number;
  /** Rounds of failures: pods that were started before the first of a round failed belong to it. */
  rounds: number;
  /** When the first pod of the latest round failed. */
  roundAtMs: number | null;
  lastReason: string | null;
  lastMessage: string | null;
  lastPod: string | null;
  lastAtMs: number | null;
  /** When the first of them came. */
  sinceMs: number | null;
  /** When a pod last ended after it had been Ready: Ready then proves nothing for a while. */
  crashedAtMs: number | null;
  /** No spawn of a new pod before this. */
  nextAttemptAtMs: number | null;
  /** Pods that may be starting at once after failures; null: as many as the spec allows. */
  allowance: number | null;
}

/** What one API replica reported last of the claims that wait. */
export interface ReplicaDemand {
  /** Distinct claims in its line. */
  waiting: number;
  /** The newest version of pods that the replica knew. */
  version: string;
  expiresAtMs: number;
  /** Claims seen at a newer version than the report's: each serves one who waited. */
  served: number;
}

/** The state of a pool. `format` rises when an older release could not read what a newer wrote. */
export interface PoolState {
  format: 1;
  pool: string;
  namespace: string;
  spec: PoolSpec;
  labels: PoolLabels;
  /** Kept until the next change, so that its template is not swept while a rollout may be undone. */
  previousTemplateHash: string | null;
  upsertSearchAttributes: boolean;
  paused: boolean;
  draining: boolean;
  /** When a drain stops waiting for claims; null while none drains or it waits without end. */
  drainEndsAtMs: number | null;
  /** The drain has waited long enough: what is still claimed is left as it is. */
  drainIsOver: boolean;
  /** uid of kube-system: the identity of the cluster that the records describe. */
  cluster: string | null;
  /** Whether a consistent list has been taken in: nothing is planned before. */
  observed: boolean;
  /** The newest version of pods or pod lists heard of. */
  highestVersion: string;
  /** Version of the newest full list: an unknown pod read at or before it has ended. */
  floorVersion: string;
  /** Names ended after the newest full list, with the version of their end. */
  endedNames: Record<string, string>;
  nextOrdinal: number;
  records: Record<string, PodRecord>;
  failures: FailureMemory;
  /** The last thing that kept an activity from its end, none of the pods' fault; null when well. */
  trouble: { atMs: number; message: string } | null;
  lastRefusal: { atMs: number; message: string } | null;
  observe: {
    /** The version known when the list under way was launched; null when none is. */
    launchedAtVersion: string | null;
    dueAtMs: number;
    intervalMs: number;
    /** Whether anything changed since the last list. */
    changed: boolean;
  };
  publish: {
    underWay: string | null;
    published: string | null;
    /** When the card was last published; 0 before. */
    publishedAtMs: number;
    retryAtMs: number;
  };
  /** How long the latest pods took from creation to Ready, newest last. */
  recentStartMs: number[];
  /**
   * Which release's rules this run follows: what a recorded history may have relied on changes only
   * with a new run. 1: 0.1.0. 2: cards are damped, and a retired pod is not retired again. 3: a spawn
   * of a name whose former one was called off has an activityId of its own.
   */
  rules: number;
  /** Claims that wait, by replica. */
  demand: Record<string, ReplicaDemand>;
  /** When somebody last waited: a surplus is kept for a while after it. */
  demandedAtMs: number | null;
  lease: {
    /** When the consistent list under way was launched, and when the latest taken in was. */
    listLaunchedAtMs: number;
    listedAtMs: number;
    /** No lease is judged before this. */
    heldUntilMs: number;
  };
  disturbances: Disturbances;
  /** Nodes of the pool's pods that take no new ones, by the newest version of nodes heard of. */
  cordoned: CordonedNodesView;
  /** What the API server withholds by a quota. */
  quota: QuotaMemory;
  deletions: Deletions;
  /** When the target was last raised and lowered, and until when a surplus is kept for it. */
  flapping: { raisedAtMs: number | null; loweredAtMs: number | null; heldUntilMs: number };
  /** The latest changes of the target, newest last. */
  targetChanges: TargetChange[];
  /** Pods that their holders gave up with a reason. */
  releases: { count: number; lastReason: string | null; lastPod: string | null };
}

/** Names of ended pods that are remembered at most; more than these raise the floor (see observe). */
export const maxEndedNames = 1000;

/** Start times kept for the estimate of the next: enough for a median, small in history. */
export const maxRecentStarts = 20;

/** The memory of a pool without failures. */
export const noFailures: FailureMemory = {
  consecutive: 0,
  rounds: 0,
  roundAtMs: null,
  lastReason: null,
  lastMessage: null,
  lastPod: null,
  lastAtMs: null,
  sinceMs: null,
  crashedAtMs: null,
  nextAttemptAtMs: null,
  allowance: null,
};

/** The state of a new life, which observes before it plans. */
export function newState(options: {
  pool: string;
  namespace: string;
  spec: PoolSpec;
  upsertSearchAttributes: boolean;
  labels?: PoolLabels;
  /** The rules that the run follows; those of 0.1.0 unless given. */
  rules?: number;
}): PoolState {
  // Field by field: a caller's object may carry more, and what slips in here is carried for ever.
  const { pool, namespace, spec, upsertSearchAttributes, rules = 1, labels = {} } = options;
  return {
    ...{ format: 1, rules, pool, namespace, spec, labels, upsertSearchAttributes },
    previousTemplateHash: null,
    paused: false,
    draining: false,
    drainEndsAtMs: null,
    drainIsOver: false,
    cluster: null,
    observed: false,
    highestVersion: noVersion,
    floorVersion: noVersion,
    endedNames: {},
    nextOrdinal: 0,
    records: {},
    failures: noFailures,
    trouble: null,
    lastRefusal: null,
    observe: { launchedAtVersion: null, dueAtMs: 0, intervalMs: 0, changed: false },
    publish: { underWay: null, published: null, publishedAtMs: 0, retryAtMs: 0 },
    recentStartMs: [],
    demand: {},
    demandedAtMs: null,
    lease: { listLaunchedAtMs: 0, listedAtMs: 0, heldUntilMs: 0 },
    disturbances: noDisturbances,
    cordoned: { version: noVersion, nodes: [] },
    quota: noQuota,
    deletions: [],
    flapping: { raisedAtMs: null, loweredAtMs: null, heldUntilMs: 0 },
    targetChanges: [],
    releases: { count: 0, lastReason: null, lastPod: null },
  };
}

/** The phase of a record, derived from what was read and what was decided. */
export type PodPhase = 'pending' | 'warm' | 'unready' | 'claimed' | 'retiring';

/** A claimed pod stays claimed even when it has failed: only its release or lease end retires it. */
export function phaseOf(record: PodRecord): PodPhase {
  const { pod } = record;
  if (pod?.terminating === true) return 'retiring';
  if (pod?.claimed === true) return 'claimed';
  if (record.retiring !== null || pod?.ended === true) return 'retiring';
  if (pod?.disrupted === true) return 'unready';
  if (pod?.ready === true) return 'warm';
  return record.unreadySinceMs === null ? 'pending' : 'unready';
}

/** Records per phase. */
export function countPhases(state: PoolState): Record<PodPhase, number> {
  const counts = { pending: 0, warm: 0, unready: 0, claimed: 0, retiring: 0 };
  for (const record of Object.values(state.records)) counts[phaseOf(record)] += 1;
  return counts;
}
