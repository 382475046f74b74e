import { setTimeout as sleep } from 'node:timers/promises';
import { endLeftovers, findLeftovers } from './leftovers.ts';
import { notRunning } from './running-status.ts';
import { createProgressView } from './show-progress.ts';
import { claimStateFolder, findSupervisor, releaseStateFolder } from './state-folder.ts';

/** Each process gets 15 s to end; of a control plane's eight, seven end at once. */
const stopTimeoutMs = 120_000;

/** Time between looks whether it has ended. */
const lookEveryMs = 100;

/**
 * Ends the environment of a state folder, also what a killed keeper of it has left.
 *
 * @throws when none runs there, or when it does not end within 120 s
 */
export async function stop(stateDir: string): Promise<void> {
  const pid = await findSupervisor(stateDir);
  if (pid === null) return stopLeftovers(stateDir);
  process.kill(pid, 'SIGTERM');
  const progress = createProgressView(process.stderr);
  progress.step('Stopping the worker, the cluster and Temporal');
  const deadlineMs = Date.now() + stopTimeoutMs;
  while ((await findSupervisor(stateDir)) === pid) {
    if (Date.now() > deadlineMs) {
      progress.cancel();
      throw new Error(`Process ${pid} did not end within ${stopTimeoutMs / 1_000} s`);
    }
    await sleep(lookEveryMs);
  }
  progress.done();
}

async function stopLeftovers(stateDir: string): Promise<void> {
  if (findLeftovers(stateDir).length === 0) throw notRunning(stateDir);
  await claimStateFolder(stateDir);
  try {
    const names = await endLeftovers(stateDir);
    console.log(`Stopped ${names.join(', ')}, whose keeper had been killed`);
  } finally {
    await releaseStateFolder(stateDir);
  }
}
