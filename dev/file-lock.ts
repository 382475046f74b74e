/** One process at a time, across processes, with nothing to clean up after one that was killed. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between tries: locks are held for milliseconds or for minutes, and both wait well with this. */
const tryEveryMs = 100;

/** What SQLite says when another process holds the file. */
const busy = 5;

/**
 * Runs while no other process runs under the same path. The lock is SQLite's on an empty database
 * file, because Node offers no file lock of its own; the system gives it back when the process ends,
 * however it ends.
 *
 * @throws when the lock does not come within `timeoutMs`, or with the signal's reason
 */
export async function withLock<T>(
  options: {
    path: string;
    timeoutMs: number;
    /** Told once, when another process is found to hold it. */
    onWait?: () => void;
    signal?: AbortSignal;
  },
  run: () => Promise<T>,
): Promise<T> {
  const { path, timeoutMs, onWait, signal } = options;
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    const deadlineMs = Date.now() + timeoutMs;
    let hasWaited = false;
    while (!tryLock(database)) {
      signal?.throwIfAborted();
      if (Date.now() > deadlineMs) {
        throw new Error(`Another process held ${path} for more than ${timeoutMs / 1_000} s`);
      }
      if (!hasWaited) onWait?.();
      hasWaited = true;
      await sleep(tryEveryMs);
    }
    return await run();
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false;
    throw error;
  }
}
