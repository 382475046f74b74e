/**
 * The wire names of the workflows: types, messages and search attributes. People type them, other
 * releases send them and dashboards query them, so none is ever renamed.
 *
 * Only definitions live here, so that a client can import them without the workflow's code.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PoolLabels } from '../pool/pool-labels.ts';
import type { PoolSpec } from '../pool/pool-spec.ts';
import type { PoolStatus } from '../pool/status.ts';

/** Workflow types. */
export const workflowTypes = { pool: 'poolWorkflow', watch: 'watchWorkflow' } as const;

/** Search attributes; the set-up registers them, `upsertSearchAttributes` says whether to use them. */
export const searchAttributeTypes = {
  PoolName: 'KEYWORD',
  PoolTarget: 'INT',
  PoolWarm: 'INT',
  PoolState: 'KEYWORD',
} as const;

// Signals tell; they may be malformed, repeated and late, so every argument is unknown. What sets a
// target, `setTarget` and `resize`, is a number, or `{target, by?}` with the name of who wants it.
export const setTargetSignal = defineSignal<[unknown]>('setTarget');
export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const drainSignal = defineSignal<[unknown?]>('drain');
export const retrySignal = defineSignal('retry');
export const podsChangedSignal = defineSignal<[unknown]>('podsChanged');
export const demandChangedSignal = defineSignal<[unknown]>('demandChanged');
/** The same as the update of that name, for runs whose status says that their rules are 4 or more. */
export const applySpecSignal = defineSignal<[unknown]>('applySpec');

export const statusQuery = defineQuery<PoolStatus>('status');

// Updates ask and wait for an answer: a refusal reaches the caller and costs no history. Our own programs
// send signals and ask for the status (docs/adr/0043): an update to a worker that has just started may be
// recorded in another order than it is replayed in.
export const resizeUpdate = defineUpdate<PoolStatus, [unknown]>('resize');
export const applySpecUpdate = defineUpdate<PoolStatus, [ApplySpecInput]>('applySpec');

/** What `applySpec` carries. */
export interface ApplySpecInput {
  spec: PoolSpec;
  /** The Kubernetes namespace; another than the pool's is refused. */
  namespace: string;
  /** The pool's own labels; they stay as they are when left out. */
  labels?: PoolLabels;
  /** Whether the starter has seen the search attributes registered. */
  upsertSearchAttributes: boolean;
  /** Who applies it, for people; a line of at most 120 characters. */
  by?: string;
}

/** What `poolWorkflow` is started with. */
export interface PoolWorkflowInput {
  pool: string;
  namespace: string;
  spec: PoolSpec;
  upsertSearchAttributes: boolean;
  labels?: PoolLabels;
  /** The state carried by continue-as-new; absent in a new life, which observes first. */
  carried?: unknown;
}

/** What `watchWorkflow` is started with. */
export interface WatchWorkflowInput {
  namespace: string;
}
