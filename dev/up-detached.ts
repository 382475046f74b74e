/** `up --detach`: an environment kept by a process that is left behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandHint } from './command-hint.ts';
import { createProgressView } from './show-progress.ts';
import { findSupervisor, logFolder, makeStateFolder } from './state-folder.ts';
import { readyLine } from './up.ts';

/** The first start may install Temporal and compile a control plane: 9 minutes on two cores. */
const detachTimeoutMs = 2_400_000;

/** Its servers get 15 s each; of a control plane's eight, seven end at once. */
const endTimeoutMs = 120_000;

const lookEveryMs = 200;

/** Characters of the log that an error quotes. */
const quotedCharacters = 1_500;

/**
 * Starts `up` with these arguments in a process of its own, and resolves when everything answers. A
 * signal that ends this process meanwhile ends that one too.
 *
 * @throws with the end of its log when it ends before that
 */
export async function upDetached(stateDir: string, args: string[]): Promise<void> {
  const running = await findSupervisor(stateDir);
  if (running !== null) {
    throw new Error(
      `An environment runs already in ${stateDir} (process ${running}); end it with ${commandHint('stop', stateDir)}`,
    );
  }
  await makeStateFolder(stateDir);
  const logFile = join(logFolder(stateDir), 'supervisor.log');
  const child = await startKeeper(logFile, args);
  const signal = endingSignal();
  const progress = createProgressView(process.stderr);
  progress.step('Starting Temporal, the cluster and a worker');
  const deadlineMs = Date.now() + detachTimeoutMs;
  for (;;) {
    const said = await readFile(logFile, 'utf8');
    if (said.includes(readyLine)) break;
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || signal.aborted || Date.now() > deadlineMs) {
      await end(child);
      progress.cancel();
      if (signal.aborted) throw signal.reason;
      throw new Error(
        `The environment did not start; ${logFile} ends with:\n${said.slice(-quotedCharacters).trim()}`,
      );
    }
    progress.report(said.trimEnd().split('\n').at(-1)?.trim() ?? '');
    await sleep(lookEveryMs);
  }
  child.unref();
  progress.done();
  console.log(`The environment runs (process ${String(child.pid)}, log ${logFile})`);
}

async function startKeeper(logFile: string, args: string[]): Promise<ChildProcess> {
  const log = await open(logFile, 'w');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), 'up', ...args], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  return child;
}

function endingSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => ending.abort(new Error(`Ended by ${signal} before everything ran`)));
  }
  return ending.signal;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  const deadlineMs = Date.now() + endTimeoutMs;
  while (child.exitCode === null && child.signalCode === null) {
    if (Date.now() > deadlineMs) child.kill('SIGKILL');
    await sleep(lookEveryMs);
  }
}
