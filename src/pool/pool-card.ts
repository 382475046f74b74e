/** The card by which a pool tells API and CLI its policy and condition. */
import type { PoolCard } from './actions.ts';
import { conditionOf } from './status.ts';
import type { PoolState } from './state.ts';

/** The card for a state; null once the pool is drained, which removes it. */
export function cardOf(state: PoolState): PoolCard | null {
  const { phase, why } = conditionOf(state);
  if (phase === 'Drained') return null;
  const { pool, namespace, spec } = state;
  return {
    pool,
    namespace,
    phase,
    why: phase === 'Filling' || phase === 'Steady' ? '' : why,
    target: spec.warmTarget,
    templateHash: spec.templateHash,
    labels: state.labels,
    acceptsClaims: !state.draining,
    claim: spec.claim,
    startSecondsEstimate: startSecondsEstimate(state.recentStartMs),
  };
}

/** Equal keys: nothing to publish. `null` has a key of its own. */
export function cardKey(card: PoolCard | null): string {
  return JSON.stringify(card);
}

/**
 * Whether a card differs from the one published by no more than Filling or Steady, which its readers
 * see in the pods themselves.
 */
export function isOnlyPhaseOf(card: PoolCard | null, published: string | null): boolean {
  if (card === null || published === null) return false;
  const isMinor = ['Filling', 'Steady'].includes(card.phase);
  return (
    isMinor && ['Filling', 'Steady'].some((phase) => cardKey({ ...card, phase }) === published)
  );
}

/** Median start time, rounded up to 1, 2, 5, 10, 20, … so that noise does not publish a new card. */
function startSecondsEstimate(recentStartMs: number[]): number | null {
  const median = recentStartMs.toSorted((a, b) => a - b)[Math.floor(recentStartMs.length / 2)];
  if (median === undefined) return null;
  const seconds = Math.max(1, median / 1000);
  const power = 10 ** Math.floor(Math.log10(seconds));
  return ([1, 2, 5].find((step) => step * power >= seconds) ?? 10) * power;
}
