/** Workflows that do nothing but run activities that do nothing: the floor of Temporal. */
import { condition, proxyActivities, setHandler } from '@temporalio/workflow';
import { startSignal } from './start-signal.ts';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '60s' });

/** As many as one plan of a pool launches. */
const perTask = 100;

/** Runs so many. */
export async function emptyActivities(count: number): Promise<void> {
  for (let from = 0; from < count; from += perTask) {
    await Promise.all(Array.from({ length: Math.min(perTask, count - from) }, () => nothing()));
  }
}

/** Starts as many as each signal says, as soon as it comes, until so many have been started and ended. */
export async function signalledActivities(count: number): Promise<void> {
  const running: Promise<void>[] = [];
  setHandler(startSignal, (more) => {
    for (let started = 0; started < more; started += 1) running.push(nothing());
  });
  await condition(() => running.length >= count);
  await Promise.all(running);
}
