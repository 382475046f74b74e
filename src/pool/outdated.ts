/**
 * Unclaimed pods that are to be replaced although they work: made from an older template, too old,
 * warm for too long, or on a node that is about to go.
 *
 * U1. The replacement is warm before the old pod goes, up to `maxSurge` at once; or the old ones go
 *     first, up to `maxUnavailable` below the target. Never more than maxPods exist (P1).
 * U2. While the template of the pool does not start, nothing warm is given up for it: the rollout
 *     stops by itself with the old pods serving.
 * U3. Ages are spread by pod, so that pods which were started together are not replaced together.
 */
import { fractionOf } from './back-off.ts';
import type { PodRecord, PoolState, RetireReason } from './state.ts';

/** Pods are replaced between nine tenths of their longest age and all of it (U3). */
const spread = 0.1;

/** The reasons for which a pod that works is replaced. */
export type OutdatedReason = Extract<RetireReason, 'cordoned' | 'stale' | 'aged' | 'idle'>;

/** Why a pod is to be replaced, and from when on; null when it is not. */
export function outdatedReason(
  record: PodRecord,
  state: PoolState,
): { reason: OutdatedReason; fromMs: number } | null {
  const { spec } = state;
  const { pod, templateHash } = record;
  if (pod?.node !== undefined && state.cordoned.nodes.includes(pod.node)) {
    return { reason: 'cordoned', fromMs: 0 };
  }
  if (templateHash !== spec.templateHash) return { reason: 'stale', fromMs: 0 };
  // Most pools have no ages, and every plan asks of every pod.
  if (pod === null || spec.maxAgeSeconds + spec.maxIdleSeconds === 0) return null;
  const share = 1 - spread * fractionOf(pod.uid);
  const ends: { reason: OutdatedReason; fromMs: number }[] = [];
  if (spec.maxAgeSeconds > 0) {
    const fromMs = pod.createdAtMs + spec.maxAgeSeconds * 1000 * share;
    ends.push({ reason: 'aged', fromMs: Math.ceil(fromMs) });
  }
  if (spec.maxIdleSeconds > 0 && pod.ready) {
    const readyAtMs = pod.readyChangedAtMs ?? pod.createdAtMs;
    const fromMs = readyAtMs + spec.maxIdleSeconds * 1000 * share;
    ends.push({ reason: 'idle', fromMs: Math.ceil(fromMs) });
  }
  return ends.sort((a, b) => a.fromMs - b.fromMs)[0] ?? null;
}
