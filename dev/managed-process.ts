/**
 * One process of the environment, kept as a Deployment would keep it.
 *
 * States: stopped → start() → running → (dies) → waiting 1 s → running …; stop() from any → stopped.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { forgetProcess, recordProcess } from './leftovers.ts';

/** Pause before a process that died is started again, as short as a kubelet's first. */
const restartAfterMs = 1_000;

/** Time between questions whether it is ready. */
const askEveryMs = 100;

/** A start is given up when it has died so often: the next try would fail alike. */
const maxDeathsBeforeReady = 3;

/** Characters of the log that an error quotes: the last lines, where programs say what is wrong. */
const quotedCharacters = 800;

export interface ProcessOptions {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  /** Its output; the record that it runs is kept beside it (leftovers.ts). */
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
  /** How often it has died and was started again. */
  restarts = 0;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** null while it does not run. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Starts it and waits until it is ready. A failed start leaves it to the caller to `stop` it.
   *
   * @throws with the log's place and its last lines when it is not ready in time or keeps dying, or
   *   with the signal's reason
   */
  async start(signal?: AbortSignal): Promise<void> {
    this.#isWanted = true;
    this.#spawn();
    const { isReady, readyTimeoutMs = 30_000, restart } = this.#options;
    if (isReady === undefined) return;
    const startedAtMs = Date.now();
    const maxRestarts = this.restarts + maxDeathsBeforeReady;
    while (!(await isReady().catch(() => false))) {
      signal?.throwIfAborted();
      if (Date.now() - startedAtMs > readyTimeoutMs) {
        throw this.#notStarted(`was not ready within ${readyTimeoutMs / 1_000} s`);
      }
      if (this.#child === null && (!restart || this.restarts >= maxRestarts)) {
        throw this.#notStarted('ended before it was ready');
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

  #notStarted(what: string): Error {
    const { name, logFile } = this.#options;
    const said = readFileSync(logFile, 'utf8').slice(-quotedCharacters).trim();
    return new Error(`${name} ${what}; ${logFile} ends with:\n${said}`);
  }

  async #ended(timeoutMs: number): Promise<boolean> {
    const deadlineMs = Date.now() + timeoutMs;
    while (this.#child !== null && Date.now() < deadlineMs) await sleep(20);
    return this.#child === null;
  }

  #spawnLater(): void {
    setTimeout(() => {
      if (!this.#isWanted || this.#child !== null) return;
      try {
        this.#spawn();
      } catch {
        // A full disk takes no log or record; it may be emptied, so this is tried for ever.
        this.#spawnLater();
      }
    }, restartAfterMs);
  }

  #spawn(): void {
    const { name, command, args, env, logFile, restart } = this.#options;
    mkdirSync(dirname(logFile), { recursive: true });
    const recordFile = join(dirname(logFile), `${name}.pid`);
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
      // A group of its own: Ctrl-C in a terminal reaches us alone, and we stop things in order.
      detached: true,
    });
    closeSync(log);
    try {
      if (child.pid !== undefined) recordProcess(recordFile, child.pid);
    } catch (error) {
      // Off the record it would outlive us.
      child.kill('SIGKILL');
      throw error;
    }
    this.#child = child;
    const onEnd = (): void => {
      if (this.#child !== child) return;
      this.#child = null;
      forgetProcess(recordFile);
      if (!restart || !this.#isWanted) return;
      this.restarts += 1;
      this.#spawnLater();
    };
    child.once('exit', onEnd);
    child.once('error', onEnd);
  }
}
