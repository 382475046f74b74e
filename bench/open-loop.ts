/**
 * Load that does not wait for answers: each task begins at its instant however slow those before it
 * are, and its latency counts from that instant, so that a stall is charged to all it delays.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** A task's outcome and the time from the instant it was meant for until it was done. */
export interface Timed<T> {
  latencyMs: number;
  result: { ok: true; value: T } | { ok: false; error: unknown };
}

/** Runs one task an arrival; resolves when all are done. Ends early, with a rejection, by the signal. */
export async function runOpenLoop<T>(options: {
  /** Rising, from the start. */
  arrivalsMs: number[];
  /** Its latency ends when `answered` is called, else when it resolves. */
  task: (index: number, answered: () => void) => Promise<T>;
  signal: AbortSignal;
}): Promise<Timed<T>[]> {
  const { arrivalsMs, task, signal } = options;
  const startedAt = performance.now();
  const run = async (index: number, arrivalMs: number): Promise<Timed<T>> => {
    let latencyMs = NaN;
    const answered = (): void => {
      if (Number.isNaN(latencyMs)) {
        latencyMs = Math.max(0, performance.now() - startedAt - arrivalMs);
      }
    };
    const result = await task(index, answered).then(
      (value): Timed<T>['result'] => ({ ok: true, value }),
      (error: unknown): Timed<T>['result'] => ({ ok: false, error }),
    );
    answered();
    return { latencyMs, result };
  };
  const tasks: Promise<Timed<T>>[] = [];
  for (const [index, arrivalMs] of arrivalsMs.entries()) {
    const waitMs = startedAt + arrivalMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    tasks.push(run(index, arrivalMs));
  }
  return Promise.all(tasks);
}
