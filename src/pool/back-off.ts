/** Back-off after failed spawns: 10 s, 20 s, 40 s, … up to 10 minutes, spread by up to a fifth. */

/** First wait: long enough that six pods failing at once are not replaced within the same breath. */
const firstWaitMs = 10_000;

/** Longest wait: the probe of a pool that fails for hours; 6 an hour are cheap. */
const longestWaitMs = 600_000;

/**
 * The wait after a round of failures. The spread is derived from the pool's name and the round, so
 * that pools which fail together do not come back together, yet a replay decides the same.
 */
export function backOffMs(pool: string, round: number): number {
  const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(round - 1, 10));
  return Math.round(wait * (0.8 + 0.2 * fractionOf(`${pool}/${round}`)));
}

/** A number from 0 to below 1 for a text: FNV-1a, which mixes short texts well enough for a spread. */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash / 2 ** 32;
}
