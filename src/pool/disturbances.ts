/**
 * Pods that ended without the pool's doing and without a claim: evicted, preempted, deleted by hand,
 * lost with their node. The template is not to blame, yet replacing each at once, for ever, would be
 * a loop; so they slow new pods down and nothing else.
 */
import { waitMs } from './back-off.ts';
import { isCrash } from './failures.ts';
import type { GonePod } from './observation.ts';
import type { PodView } from './pod-view.ts';
import type { PodRecord, PoolState } from './state.ts';

/** A disturbance this long after the one before is a new one: replaced at once. */
const calmAfterMs = 120_000;

/** The second in a row waits 2 s, the seventh and later ones a minute. */
const firstMs = 2_000;
const longestMs = 60_000;

/** By so much a spawn may end its pod before our clock says that its time is over. */
const clockSlackMs = 10_000;

/**
 * Whether a reading shows that an unclaimed pod is being taken away, and nobody of ours asked for it,
 * be it the first reading of the pod: who evicts each as soon as it is there must be met with patience.
 * A pod that ended by its own containers' doing is a failure, and a pending one past its deadline is
 * given up by its spawn; neither is a disturbance.
 */
export function isTakenAway(options: {
  state: PoolState;
  known: PodRecord | undefined;
  pod: GonePod | PodView;
  nowMs: number;
}): boolean {
  const { state, known, pod, nowMs } = options;
  if (known === undefined || pod.claimed === true) return false;
  if (isOurDoing(known)) return false;
  const before = known.pod;
  if (before !== null && before.uid !== pod.uid) return false;
  if (before !== null && (before.terminating || before.claimed || before.ended)) return false;
  const isEnded = 'ended' in pod && pod.ended;
  if (isEnded && isCrash(pod.reason)) return false;
  const isEvicted = isEnded;
  const isDeleted = !('terminating' in pod) || pod.terminating;
  if (!isDeleted && !isEvicted) return false;
  const wasReady = before?.ready === true || ('ready' in pod && pod.ready);
  if (wasReady || !known.tasks.includes('spawn')) return true;
  return nowMs < earliestGivenUpMs({ state, known, pod });
}

/** Whether the pool ends a pod of its own accord, and not because others have marked it. */
function isOurDoing({ retiring, tasks }: PodRecord): boolean {
  return retiring !== 'disrupted' && (retiring !== null || tasks.includes('retire'));
}

/** When a spawn may end its pod. One that ended before it was ever read was created after its launch. */
function earliestGivenUpMs(given: {
  state: PoolState;
  known: PodRecord;
  pod: GonePod | PodView;
}): number {
  const { state, known, pod } = given;
  const read = known.pod ?? ('createdAtMs' in pod ? pod : null);
  const startedAtMs = read?.createdAtMs ?? known.sinceMs;
  return startedAtMs + state.spec.podReadySeconds * 1000 - clockSlackMs;
}

/** The state after a reading that brought disturbances; those of one reading count as one step. */
export function disturb(
  state: PoolState,
  pods: { name: string; reason: string | null }[],
  nowMs: number,
): PoolState {
  const last = pods.at(-1);
  if (last === undefined) return state;
  const known = state.disturbances;
  const isInARow = known.lastAtMs !== null && nowMs - known.lastAtMs < calmAfterMs;
  const level = isInARow ? known.level + 1 : 1;
  const seed = `${state.pool}/${level}`;
  return {
    ...state,
    disturbances: {
      level,
      count: known.count + pods.length,
      lastAtMs: nowMs,
      lastPod: last.name,
      lastReason: last.reason,
      untilMs: level === 1 ? 0 : nowMs + waitMs({ firstMs, longestMs, step: level - 2, seed }),
    },
  };
}
