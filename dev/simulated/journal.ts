import { closeSync, existsSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { ApiObject } from './api-object.ts';

/** One acknowledged write, a line of the file. `version` alone remembers how far the clock has come. */
export type JournalEntry =
  | { kind: 'put'; version: number; plural: string; key: string; object: ApiObject }
  | { kind: 'remove'; version: number; plural: string; key: string }
  | { kind: 'clock'; version: number };

/**
 * The file in which the simulated cluster keeps its objects: one JSON line for each write, handed to
 * the operating system before the write is answered. So SIGKILL loses nothing that was acknowledged
 * (a power cut may, which a developer's cluster accepts in exchange for speed).
 */
export class Journal {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Reads what the file holds. A last line that was cut off by a kill belongs to a write that was
   * never acknowledged, so it is left out.
   */
  static read(path: string): JournalEntry[] {
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.pop();
    return lines.map((line) => JSON.parse(line) as JournalEntry);
  }

  /** Replaces the file by the given entries in one step and opens it for appending. */
  static rewrite(path: string, entries: JournalEntry[]): Journal {
    const fresh = `${path}.new`;
    const descriptor = openSync(fresh, 'w');
    writeSync(descriptor, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    closeSync(descriptor);
    renameSync(fresh, path);
    return new Journal(openSync(path, 'a'));
  }

  /** Appends one write; when this returns, a kill of the process can no longer lose it. */
  append(entry: JournalEntry): void {
    writeSync(this.#descriptor, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
