/** Looks for a shorter schedule that fails alike. */
import type { Schedule, TimedFault } from './schedule.ts';

/** Each run takes a minute, and the cause is seldom clearer after more halvings. */
const maxRuns = 6;

/**
 * Halves the faults as long as one half alone still fails; returns the shortest schedule that failed,
 * which is the given one when neither half does.
 */
export async function shrink(
  schedule: Schedule,
  fails: (shorter: Schedule) => Promise<boolean>,
): Promise<Schedule> {
  let runs = 0;
  const failing = async (halves: TimedFault[][]): Promise<Schedule | null> => {
    for (const faults of halves) {
      if (runs >= maxRuns) return null;
      runs += 1;
      const shorter = { ...schedule, faults };
      if (await fails(shorter)) return shorter;
    }
    return null;
  };
  // Ends for certain: each step halves the faults or is the last.
  const halve = async (shortest: Schedule): Promise<Schedule> => {
    const { faults } = shortest;
    if (faults.length < 2) return shortest;
    const middle = Math.ceil(faults.length / 2);
    const shorter = await failing([faults.slice(0, middle), faults.slice(middle)]);
    return shorter === null ? shortest : halve(shorter);
  };
  return halve(schedule);
}
