/**
 * What happens within one tick is told to a pool together. Each thing told alone costs the pool a
 * workflow task, about 10 ms of worker and Temporal: a fill of 300 took 96 tasks before, since
 * pods turn Ready one by one.
 */

/** At 10 claims a second a tick of 200 ms makes about 4 history events a claim. */
const tickMs = 200;

/** Time until the next tick. Signals and completions share the ticks, and so their workflow tasks. */
export function untilNextTickMs(nowMs: number): number {
  return tickMs - (nowMs % tickMs);
}
