import { commandHint } from './command-hint.ts';
import { findLeftovers } from './leftovers.ts';
import { findSupervisor, readStatus, type EnvironmentStatus } from './state-folder.ts';

/**
 * The status of the environment that runs in a state folder.
 *
 * @throws when none runs there, or when it has not started whole yet; the message says what to do
 */
export async function runningStatus(stateDir: string): Promise<EnvironmentStatus> {
  const pid = await findSupervisor(stateDir);
  if (pid === null) throw notRunning(stateDir);
  const kept = await readStatus(stateDir);
  // What is on file may be of an earlier start.
  if (kept?.keeper !== pid) {
    throw new Error(`The environment in ${stateDir} is still starting (process ${pid}); try again`);
  }
  return kept.status;
}

/** Says that no environment runs in a state folder, and what to do. */
export function notRunning(stateDir: string): Error {
  const names = findLeftovers(stateDir).map(({ name }) => name);
  const start = `start it with ${commandHint('up', stateDir)}`;
  if (names.length === 0) {
    return new Error(`No environment runs in --state-dir ${stateDir}; ${start}`);
  }
  return new Error(
    `The process that kept --state-dir ${stateDir} was killed, and ${names.join(', ')} outlived it; ` +
      `end them with ${commandHint('stop', stateDir)}, or ${start}`,
  );
}
