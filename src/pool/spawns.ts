/** Which pods to start. */
import type { Action } from './actions.ts';
import { spawnAllowance } from './failures.ts';
import { podName } from './names.ts';
import { quotaAllowance } from './quota.ts';
import { leaving, surge, unclaimed, warmWanted, type PlanContext } from './plan-context.ts';

/** Pending pods that nobody waits for get a spawn again, under the same name (L4). */
export function respawns({ byPhase, isDue }: PlanContext): Action[] {
  return byPhase.pending
    .filter((record) => record.tasks.length === 0 && isDue(record.retryAtMs))
    .map(({ name, templateHash, pod }) => ({
      kind: 'spawn',
      podName: name,
      templateHash,
      uid: pod?.uid ?? null,
    }));
}

/** New pods for what is missing, as far as every limit allows (L2). */
export function newSpawns(context: PlanContext): Action[] {
  const { state, isDue } = context;
  const { pool, spec, failures, disturbances } = state;
  if (state.paused || state.draining) return [];
  const missing = missingPods(context);
  if (missing <= 0) return [];
  if (failures.nextAttemptAtMs !== null && !isDue(failures.nextAttemptAtMs)) return [];
  if (!isDue(disturbances.untilMs)) return [];
  const allowed = Math.min(spawnAllowance(context), quotaAllowance(context));
  const room = spec.maxPods - Object.keys(state.records).length;
  const count = Math.max(0, Math.min(missing, allowed, room));
  return Array.from({ length: count }, (_, index) => ({
    kind: 'spawn',
    podName: podName(pool, state.nextOrdinal + index),
    templateHash: spec.templateHash,
    uid: null,
  }));
}

/**
 * Pods to add: up to the target and the demand, and during a replacement up to the surge beyond
 * them, yet never more up-to-date ones than are wanted.
 */
export function missingPods(context: PlanContext): number {
  const { state, outdated } = context;
  const wanted = warmWanted(state);
  const present = unclaimed(context).length;
  const upToDate = present - outdated.size;
  const room = wanted + surge(context) - present - leaving(context);
  return Math.min(room, wanted - upToDate);
}
