/**
 * One process of the environment, kept as a Deployment would keep it.
 *
 * States: stopped → start() → running → (dies) → waiting 1 s → running …; stop() from any → stopped.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Pause before a process that died is started again, as short as a kubelet's first. */
const restartAfterMs = 1_000;

/** Time between questions whether it is ready. */
const askEveryMs = 100;

export interface ProcessOptions {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  logFile: string;
  /** Whether it is started again when it dies of its own accord. */
  restart: boolean;
  /** Asked until it answers true; without it the process is ready at once. */
  isReady?: () => Promise<boolean>;
  /** 30 s unless given. */
  readyTimeoutMs?: number;
}

/** A child process with a log file. */
export class ManagedProcess {
  readonly name: string;
  readonly #options: ProcessOptions;
  #child: ChildProcess | null = null;
  #isWanted = false;
  restarts = 0;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** null while it does not run. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts it and waits until it is ready; raises with the log's place when it is not in time. */
  async start(): Promise<void> {
    this.#isWanted = true;
    this.#spawn();
    const { isReady, readyTimeoutMs = 30_000, logFile, name } = this.#options;
    if (isReady === undefined) return;
    const deadlineMs = Date.now() + readyTimeoutMs;
    while (!(await isReady().catch(() => false))) {
      if (Date.now() > deadlineMs) throw new Error(`${name} was not ready in time; see ${logFile}`);
      if (this.#child === null && !this.#options.restart) {
        throw new Error(`${name} ended at once; see ${logFile}`);
      }
      await sleep(askEveryMs);
    }
  }

  /** Sends a signal; whether the process is started again afterwards is its own setting. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Kills it with -9 and leaves it dead until `start`. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#child?.kill('SIGKILL');
    await this.#ended(5_000);
  }

  /** SIGTERM, and SIGKILL when it has not ended in time. */
  async stop(timeoutMs = 15_000): Promise<void> {
    this.#isWanted = false;
    this.#child?.kill('SIGCONT');
    this.#child?.kill('SIGTERM');
    if (await this.#ended(timeoutMs)) return;
    this.#child?.kill('SIGKILL');
    await this.#ended(5_000);
  }

  async #ended(timeoutMs: number): Promise<boolean> {
    const deadlineMs = Date.now() + timeoutMs;
    while (this.#child !== null && Date.now() < deadlineMs) await sleep(20);
    return this.#child === null;
  }

  #spawn(): void {
    const { command, args, env, logFile, restart } = this.#options;
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
      // A group of its own: Ctrl-C in a terminal reaches us alone, and we stop things in order.
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    const onEnd = (): void => {
      if (this.#child !== child) return;
      this.#child = null;
      if (!restart || !this.#isWanted) return;
      this.restarts += 1;
      setTimeout(() => {
        if (this.#isWanted && this.#child === null) this.#spawn();
      }, restartAfterMs);
    };
    child.once('exit', onEnd);
    child.once('error', onEnd);
  }
}
