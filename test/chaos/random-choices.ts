/** Choices that follow from a seed alone, so that a schedule can be made again from its number. */

/** Numbers and choices in a fixed order; two made from one seed give the same. */
export interface Choices {
  /** A whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number;
  /** One of the options. Raises when there are none. */
  of<T>(options: readonly T[]): T;
  /** True in so many of a hundred cases. */
  percent(chance: number): boolean;
}

/** Makes the choices of a seed, a whole number from 0 to 2^32 - 1. */
export function choicesOf(seed: number): Choices {
  const next = randomNumbers(seed);
  const whole = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    whole,
    of<T>(options: readonly T[]): T {
      const chosen = options[whole(0, options.length - 1)];
      if (chosen === undefined) throw new Error('Expected options to choose from, got none');
      return chosen;
    },
    percent: (chance) => next() * 100 < chance,
  };
}

/** Numbers from 0 to below 1: a counter whose bits are mixed, so that near seeds differ at once. */
function randomNumbers(seed: number): () => number {
  let counter = seed >>> 0;
  return () => {
    counter = (counter + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(counter ^ (counter >>> 15), counter | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
