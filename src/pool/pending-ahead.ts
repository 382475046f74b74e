/** How many spawns a pool will have under way. */
import { warmWanted } from './plan-context.ts';
import { phaseOf, type PoolState } from './state.ts';

/**
 * How many pods a pool will soon wait for at once: those that it waits for now, or those that it has
 * yet to begin, since a large fill begins in steps and its first spawns should know.
 */
export function pendingAhead(state: PoolState): number {
  let pending = 0;
  let warm = 0;
  for (const record of Object.values(state.records)) {
    const phase = phaseOf(record);
    if (phase === 'pending') pending += 1;
    if (phase === 'warm') warm += 1;
  }
  return Math.max(pending, Math.min(state.spec.maxPending, warmWanted(state) - warm));
}
