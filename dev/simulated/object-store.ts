import type { ApiObject } from './api-object.ts';
import { Journal, type JournalEntry } from './journal.ts';
import type { Resource } from './resources.ts';

/** A change, as watches see it. A DELETED object carries the version of its deletion. */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  version: number;
  plural: string;
  object: ApiObject;
  previous: ApiObject | null;
}

/**
 * Events kept for watches that start at an older version; older ones get 410. At about 4 KB an
 * object this bounds the memory at some 200 MB, and 1,000 pods coming and going need 8,000.
 */
const maxHistory = 50_000;

/** The file is compacted while running when it has grown by this many writes since the last time. */
const maxAppended = 100_000;

/** The key of an object within its resource. Keys sort as etcd's do. */
export function keyOf(object: { name: string; namespace?: string }): string {
  return `${object.namespace ?? ''}/${object.name}`;
}

/**
 * The objects of the simulated cluster.
 *
 * 1. One clock for everything: each write takes the next version, and no version is given twice,
 *    also not after a kill (the version is read back from the journal).
 * 2. A write is in the journal before listeners and clients hear of it.
 * 3. Objects are replaced, never changed in place.
 */
export class ObjectStore {
  readonly #path: string;
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #history: StoreEvent[] = [];
  #journal: Journal;
  #appended = 0;
  /** Above 1, so that a watch from version 1 is always too old, as on a real server. */
  #version = 100;
  /** Watches may start at this version or above. */
  #oldestVersion: number;

  constructor(path: string) {
    this.#path = path;
    for (const entry of Journal.read(path)) this.#replay(entry);
    this.#journal = this.#compact();
    this.#oldestVersion = this.#version;
  }

  get version(): number {
    return this.#version;
  }

  get oldestVersion(): number {
    return this.#oldestVersion;
  }

  get(resource: Resource, key: string): ApiObject | undefined {
    return this.#objects.get(resource.plural)?.get(key);
  }

  /** All objects of a resource, in no order. */
  all(resource: Resource): ApiObject[] {
    return [...(this.#objects.get(resource.plural)?.values() ?? [])];
  }

  /** Stores an object under the next version and returns it with that version. */
  put(resource: Resource, object: ApiObject): ApiObject {
    const version = this.#version + 1;
    const key = keyOf(object.metadata);
    const stored = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(version) },
    };
    const previous = this.get(resource, key) ?? null;
    const entry = { kind: 'put', version, plural: resource.plural, key, object: stored } as const;
    this.#append(entry);
    const type = previous === null ? 'ADDED' : 'MODIFIED';
    this.#tell({ type, version, plural: resource.plural, object: stored, previous });
    return stored;
  }

  /** Removes an object; returns it with the version of its deletion. */
  remove(resource: Resource, object: ApiObject): ApiObject {
    const version = this.#version + 1;
    const key = keyOf(object.metadata);
    const last = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(version) },
    };
    this.#append({ kind: 'remove', version, plural: resource.plural, key });
    this.#tell({
      type: 'DELETED',
      version,
      plural: resource.plural,
      object: last,
      previous: object,
    });
    return last;
  }

  /** The changes after a version that is not below `oldestVersion`, oldest first. */
  eventsAfter(version: number): StoreEvent[] {
    const first = this.#history.findLastIndex((event) => event.version <= version) + 1;
    return this.#history.slice(first);
  }

  /** Calls the listener after every write, in order, until the returned function is called. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#journal.close();
  }

  #append(entry: JournalEntry): void {
    this.#journal.append(entry);
    this.#replay(entry);
    this.#appended += 1;
    if (this.#appended < maxAppended) return;
    this.#journal.close();
    this.#journal = this.#compact();
  }

  #replay(entry: JournalEntry): void {
    this.#version = entry.version;
    if (entry.kind === 'clock') return;
    const objects = this.#objects.get(entry.plural) ?? new Map<string, ApiObject>();
    this.#objects.set(entry.plural, objects);
    if (entry.kind === 'put') objects.set(entry.key, entry.object);
    else objects.delete(entry.key);
  }

  #compact(): Journal {
    const entries: JournalEntry[] = [];
    for (const [plural, objects] of this.#objects) {
      for (const [key, object] of objects) {
        const version = Number(object.metadata.resourceVersion);
        entries.push({ kind: 'put', version, plural, key, object });
      }
    }
    this.#appended = 0;
    return Journal.rewrite(this.#path, [...entries, { kind: 'clock', version: this.#version }]);
  }

  #tell(event: StoreEvent): void {
    this.#history.push(event);
    if (this.#history.length > maxHistory * 1.2) {
      this.#history = this.#history.slice(-maxHistory);
      this.#oldestVersion = this.#history[0]?.version ?? this.#version;
    }
    for (const listener of [...this.#listeners]) listener(event);
  }
}
