/** All that is read off the histories of pools, in one pass: they are long. */
import type { Client } from '@temporalio/client';
import { poolWorkflowId } from '../src/pool/names.ts';
import { addActions, type Actions } from './actions.ts';
import { actionsOfHistory, type Stretch } from './history-actions.ts';
import { addTrouble, noTrouble, troubleOf, type WorkflowTrouble } from './workflow-trouble.ts';
import { runsOf } from './workflow-runs.ts';

/** What histories tell. */
export interface PoolHistories {
  trouble: WorkflowTrouble;
  /** What was billed, heartbeats and queries left out. */
  actions: Actions;
}

/**
 * Reads all runs of the pools. `stretches` says of which times actions are counted; null: of all. Raises
 * when Temporal does not answer.
 */
export async function readHistories(
  client: Client,
  pools: string[],
  stretches: Stretch[] | null = null,
): Promise<PoolHistories> {
  let trouble = noTrouble;
  let actions: Actions = {};
  for (const pool of pools) {
    for await (const events of runsOf(client, poolWorkflowId(pool))) {
      trouble = addTrouble(trouble, troubleOf(events));
      actions = addActions(actions, actionsOfHistory(events, stretches));
    }
  }
  return { trouble, actions };
}
