/** A workflow that does nothing but run activities that do nothing: the floor of Temporal. */
import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '60s' });

/** As many as one plan of a pool launches. */
const perTask = 100;

/** Runs so many. */
export async function emptyActivities(count: number): Promise<void> {
  for (let from = 0; from < count; from += perTask) {
    await Promise.all(Array.from({ length: Math.min(perTask, count - from) }, () => nothing()));
  }
}
