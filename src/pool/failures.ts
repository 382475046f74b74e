/**
 * What failed spawns do to a pool: back-off, a breaker, and a slow start once pods start again.
 *
 * F1. Only a failure of the current template is charged, and a new template starts clean.
 * F2. Pods that were started before the first of them failed are one round, however late the others
 *     fail: six at once double the wait once, not six times. A pod started since is the next round,
 *     whatever stragglers did meanwhile.
 * F3. The first two rounds wait 10 and 20 s. From the third on the breaker is open: one probe after a
 *     minute, doubling to ten (P10). At most target + 2 + 8 pods are made in an hour. These are the
 *     defaults of the spec's `failure`.
 * F4. A pod that ends or stops being Ready after it was Ready, by its own containers' doing, is charged
 *     too; Ready proves nothing until such a crash is a quarter of an hour old.
 *    While the breaker is closed, another pod that has been Ready for five minutes proves it all the same.
 * F5. The first good pod closes the breaker; 1, 2, 4, … may start at once until none fails.
 */
import { waitMs } from './back-off.ts';
import type { PlanContext } from './plan-context.ts';
import type { PodView } from './pod-view.ts';
import { noFailures, type FailureMemory, type PodRecord, type PoolState } from './state.ts';

/** Rounds after which the breaker opens: two may be bad luck, three are a fault of the template. */
const roundsToOpen = 3;

/** Beyond this many pods at once nothing is held back any more: more than any pool may start. */
const fullAllowance = 1_000;

/** A failed spawn: what was read off its pod, or what the API server refused it with. */
export interface Failure {
  podName: string;
  reason: string;
  message: string;
  startedAtMs: number;
  templateHash: string;
  /** It was Ready before. */
  isCrash?: boolean;
}

/** Ends that are the containers' own doing; evictions, preemption and lost nodes are not among them. */
const crashReasons = new Set([
  ...['CrashLoopBackOff', 'Error', 'OOMKilled', 'Completed', 'ContainerCannotRun', 'StartError'],
  // The template's own activeDeadlineSeconds.
  'DeadlineExceeded',
]);

/** Whether a pod's reason says that its own containers ended it. */
export function isCrash(reason: string | undefined): boolean {
  return reason !== undefined && crashReasons.has(reason);
}

/** Failures are remembered for a quarter of an hour at the least. */
const leastRememberedMs = 900_000;

/**
 * How long a crash counts, and a failure of a pool that is full: longer than the longest pause between
 * probes, so that a crash after each probe is remembered.
 */
export function rememberedMs({ failure }: PoolState['spec']): number {
  return Math.max(leastRememberedMs, 1.5 * failure.maxProbeSeconds * 1000);
}

/**
 * The failure that a newer reading of a pod is, which had been Ready; null when nobody is to blame. A
 * pod that has ended is charged as soon as it is read, before its replacement is started; one that is
 * only not Ready may come back, so it is charged once it is retired for that.
 */
export function crashOf(record: PodRecord | undefined, pod: PodView): Failure | null {
  const { reason = '', message = '' } = pod;
  if (record?.pod?.uid !== pod.uid || !isCrash(reason)) return null;
  if (record.pod.claimed || pod.claimed) return null;
  const hasEnded = record.retiring === null && pod.ended && !record.pod.ended;
  const wasReady = record.pod.ready || record.unreadySinceMs !== null;
  if (!wasReady || !(hasEnded || record.retiring === 'unready')) return null;
  const { name: podName, sinceMs: startedAtMs, templateHash } = record;
  return { podName, reason, message, startedAtMs, templateHash, isCrash: true };
}

/** How far a pool trusts its template. */
export type Breaker = 'closed' | 'open' | 'halfOpen';

/** The breaker of a pool: half-open while a probe is under way. */
export function breakerOf(failures: FailureMemory, pending: number): Breaker {
  if (failures.rounds < roundsToOpen) return 'closed';
  return pending > 0 ? 'halfOpen' : 'open';
}

/** The state after a failure (F1, F2, F3). */
export function charge(state: PoolState, failure: Failure, nowMs: number): PoolState {
  const { failures, spec } = state;
  if (failure.templateHash !== spec.templateHash) return state;
  const isNewRound = failures.roundAtMs === null || failure.startedAtMs > failures.roundAtMs;
  const rounds = failures.rounds + (isNewRound ? 1 : 0);
  return {
    ...state,
    failures: {
      consecutive: failures.consecutive + 1,
      rounds,
      roundAtMs: isNewRound ? nowMs : failures.roundAtMs,
      lastReason: failure.reason,
      lastMessage: failure.message,
      lastPod: failure.podName,
      lastAtMs: nowMs,
      crashedAtMs: failure.isCrash === true ? nowMs : failures.crashedAtMs,
      sinceMs: failures.sinceMs ?? nowMs,
      nextAttemptAtMs: isNewRound ? nowMs + pauseMs(state, rounds) : failures.nextAttemptAtMs,
      allowance: 1,
    },
  };
}

/** The wait after a number of failed rounds. The rules of 0.1.0 knew no probes. */
function pauseMs({ rules, pool, spec }: PoolState, rounds: number): number {
  const { backOffSeconds, probeSeconds, maxProbeSeconds } = spec.failure;
  const isOpen = rules >= 2 && rounds >= roundsToOpen;
  return waitMs({
    firstMs: (isOpen ? probeSeconds : backOffSeconds) * 1000,
    longestMs: maxProbeSeconds * 1000,
    step: rounds - (isOpen ? roundsToOpen : 1),
    seed: `${pool}/${rounds}`,
  });
}

/** The memory after a pod of the current template became Ready (F4, F5). */
export function recover(state: PoolState, nowMs: number): FailureMemory {
  const { failures, spec, rules } = state;
  if (rules < 2) return failures.consecutive > 0 ? noFailures : failures;
  if (failures.allowance === null) return failures;
  const { crashedAtMs } = failures;
  if (crashedAtMs !== null && nowMs - crashedAtMs < rememberedMs(spec)) return failures;
  const allowance = failures.allowance * 2;
  const isFull = allowance >= Math.min(fullAllowance, spec.maxPending);
  return { ...noFailures, allowance: isFull ? null : allowance };
}

/** A pod that has been Ready for this long after a crash of others shows that the cause has gone. */
const provenAfterMs = 300_000;

/** How many more pods may be started now, as far as failures go, beside those that are starting. */
export function spawnAllowance({ state, byPhase, isDue }: PlanContext): number {
  const { failures, spec } = state;
  const pending = byPhase.pending.length;
  if (failures.rounds === 0) {
    return Math.min(spec.maxPending, failures.allowance ?? spec.maxPending) - pending;
  }
  // After a failure one pod at a time shows whether the cause has gone, and being Ready is no proof
  // for pods that crash later (F4).
  const { crashedAtMs, sinceMs: failingSinceMs } = failures;
  if (crashedAtMs === null || failingSinceMs === null) return 1 - pending;
  if (failures.rounds < roundsToOpen && isProvenByOthers({ state, byPhase, isDue })) {
    return 1 - pending;
  }
  const isProbe = ({ sinceMs }: PodRecord): boolean => sinceMs > failingSinceMs;
  const isProving =
    byPhase.unready.some(isProbe) ||
    byPhase.warm
      .filter(isProbe)
      .some(({ pod, sinceMs }) => !isDue((pod?.readyChangedAtMs ?? sinceMs) + provenAfterMs));
  return isProving ? 0 : 1 - pending;
}

/**
 * Whether a pod of the current template has been Ready for minutes: while the breaker is closed, the
 * crash of another is then that pod's own misfortune, and the next pods need not prove anything.
 */
function isProvenByOthers({
  state,
  byPhase,
  isDue,
}: Pick<PlanContext, 'state' | 'byPhase' | 'isDue'>): boolean {
  return [...byPhase.warm, ...byPhase.claimed].some(
    ({ pod, templateHash, sinceMs }) =>
      pod?.ready === true &&
      templateHash === state.spec.templateHash &&
      isDue((pod.readyChangedAtMs ?? sinceMs) + provenAfterMs),
  );
}
