/** Intent before effect: marks a plan's actions as under way, so that no later plan repeats them. */
import type { Action } from './actions.ts';
import { copyOf } from './copy-map.ts';
import { countDeletions } from './deletion-budget.ts';
import { podOrdinal } from './names.ts';
import { cardKey } from './pool-card.ts';
import type { PodRecord, PoolState } from './state.ts';

/** The state in which the actions are under way. */
export function begin(state: PoolState, actions: Action[], nowMs: number): PoolState {
  if (actions.length === 0) return state;
  const ended = actions.flatMap((action) => (action.kind === 'retire' ? [action.reason] : []));
  const next: PoolState = {
    ...state,
    records: copyOf(state.records),
    deletions: countDeletions(state.deletions, ended, nowMs),
  };
  for (const action of actions) {
    switch (action.kind) {
      case 'spawn': {
        const known = next.records[action.podName];
        next.records[action.podName] = known
          ? { ...known, tasks: [...known.tasks, 'spawn'] }
          : newRecord(action, nowMs);
        if (known !== undefined) break;
        // A count beyond what is read from names goes on all the same.
        const ordinal = podOrdinal(next.pool, action.podName) ?? next.nextOrdinal;
        next.nextOrdinal = Math.max(next.nextOrdinal, ordinal + 1);
        break;
      }
      case 'retire': {
        const known = next.records[action.podName];
        if (known === undefined) break;
        next.records[action.podName] = {
          ...known,
          tasks: [...known.tasks, 'retire'],
          retiring: action.reason,
        };
        break;
      }
      case 'observe':
        next.observe = { ...next.observe, launchedAtVersion: next.highestVersion, changed: false };
        next.lease = { ...next.lease, listLaunchedAtMs: nowMs };
        break;
      case 'publish':
        next.publish = { ...next.publish, underWay: cardKey(action.card) };
        break;
    }
  }
  return next;
}

function newRecord(action: { podName: string; templateHash: string }, nowMs: number): PodRecord {
  return {
    name: action.podName,
    templateHash: action.templateHash,
    sinceMs: nowMs,
    pod: null,
    unreadySinceMs: null,
    tasks: ['spawn'],
    retiring: null,
    retryAtMs: 0,
  };
}
