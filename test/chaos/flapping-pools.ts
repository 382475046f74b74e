import type { Schedule } from './schedule.ts';

/**
 * Pools whose target falls, rises and falls again in a schedule. A pool keeps what is too much for five
 * minutes then (docs/adr/0032), which is longer than a verdict waits. Schedules are shorter than that.
 */
export function flappingPools({ pools, faults }: Pick<Schedule, 'pools' | 'faults'>): Set<string> {
  const flapping = pools.filter(({ name, warmTarget }) => {
    const targets = faults.flatMap(({ fault }) =>
      fault.kind === 'setTarget' && fault.pool === name ? [fault.target] : [],
    );
    const moves = targets
      .map((target, index) => Math.sign(target - (targets[index - 1] ?? warmTarget)))
      .filter((move) => move !== 0);
    const firstFall = moves.indexOf(-1);
    const rise = moves.indexOf(1, firstFall);
    return firstFall >= 0 && rise >= 0 && moves.includes(-1, rise);
  });
  return new Set(flapping.map(({ name }) => name));
}
