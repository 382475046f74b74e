/** Waits that double, spread by up to a fifth. */

/**
 * The wait of a step: `firstMs` doubled `step` times, at most `longestMs`. The spread is derived from
 * `seed`, so that pools which fail together do not come back together, yet a replay decides the same.
 */
export function waitMs(options: {
  firstMs: number;
  longestMs: number;
  /** 0 for the first wait. */
  step: number;
  seed: string;
}): number {
  const { firstMs, longestMs, step, seed } = options;
  // 2^30 times the shortest wait is beyond every longest one, and stays a safe integer.
  const doubled = Math.min(longestMs, firstMs * 2 ** Math.min(step, 30));
  return Math.round(doubled * (0.8 + 0.2 * fractionOf(seed)));
}

/** A number from 0 to below 1 for a text: FNV-1a, which mixes short texts well enough for a spread. */
export function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}
