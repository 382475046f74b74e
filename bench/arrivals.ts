/** When claims arrive: a Poisson process, the same for the same seed, so that runs can be compared. */

/** Instants in milliseconds from the start, rising, all within `seconds`. */
export function poissonArrivals(options: {
  ratePerSecond: number;
  seconds: number;
  seed: number;
}): number[] {
  const { ratePerSecond, seconds, seed } = options;
  const random = randomNumbers(seed);
  const arrivals: number[] = [];
  let atMs = 0;
  // Ends for certain: every gap is above 0, and on average 1000 / rate ms.
  for (;;) {
    atMs += (-Math.log(1 - random()) * 1000) / ratePerSecond;
    if (atMs >= seconds * 1000) return arrivals;
    arrivals.push(atMs);
  }
}

/** Numbers from 0 to below 1: xorshift of 32 bits, whose period of 4e9 is enough for any load. */
function randomNumbers(seed: number): () => number {
  // Zero would stay zero.
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
