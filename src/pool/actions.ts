/** What the plan decides and what came of it: plain data between core, workflow and activities. */
import type { Observation } from './observation.ts';
import type { PodView } from './pod-view.ts';
import type { PoolLabels } from './pool-labels.ts';
import type { RetireReason } from './state.ts';

/** One step for the workflow to launch. */
export type Action =
  | { kind: 'spawn'; podName: string; templateHash: string; uid: string | null }
  | {
      kind: 'retire';
      podName: string;
      uid: string;
      reason: RetireReason;
      onlyIfNotReady: boolean;
      /** Retire it although it is claimed, if its lease is really over. */
      isLeaseOver: boolean;
    }
  | { kind: 'observe' }
  | { kind: 'publish'; card: PoolCard | null };

/** What API and CLI know of a pool without Temporal; kept in a ConfigMap. */
export interface PoolCard {
  pool: string;
  namespace: string;
  phase: string;
  why: string;
  target: number;
  templateHash: string;
  /** What kind of pod it holds, for claims by shape and image. */
  labels: PoolLabels;
  /** False once the pool drains. */
  acceptsClaims: boolean;
  claim: { leaseSeconds: number; maxLeaseSeconds: number };
  /** Median of the latest start times in whole seconds; null before the first. */
  startSecondsEstimate: number | null;
}

/** What became of an action. Every one is a fact for the next plan, never the death of the pool. */
export type Outcome =
  | { kind: 'spawn'; podName: string; result: SpawnResult }
  | { kind: 'retire'; podName: string; result: RetireResult }
  | { kind: 'observe'; result: { outcome: 'listed'; list: Observation } | NoVerdict }
  | { kind: 'publish'; result: { outcome: 'published' } | NoVerdict };

/** The activity ended without learning anything of its pod: a timeout, a lost server. */
export interface NoVerdict {
  outcome: 'noVerdict';
  message: string;
}

export type SpawnResult =
  /** Ready (or claimed already), as it was read. */
  | { outcome: 'ready'; pod: PodView }
  /** The pod whose uid was known is absent; it is never created again. */
  | { outcome: 'gone' }
  /** The name belongs to a pod of another pool or template, or to one being deleted. */
  | { outcome: 'nameTaken' }
  /** Not Ready by its deadline, or ended: for the reason read off the pod. */
  | { outcome: 'failed'; pod: PodView; reason: string; message: string }
  /** The API server refuses to create it; nothing was made. */
  | { outcome: 'refused'; reason: string; message: string }
  | NoVerdict;

export type RetireResult =
  | { outcome: 'deleted'; pod: PodView }
  | { outcome: 'gone' }
  | { outcome: 'claimedMeanwhile'; pod: PodView }
  | { outcome: 'readyMeanwhile'; pod: PodView }
  /** Its lease was not over, by the API server's clock and as it was read. */
  | { outcome: 'renewedMeanwhile'; pod: PodView }
  /** The name now belongs to something that is not this pool's. */
  | { outcome: 'notOurs' }
  | NoVerdict;
