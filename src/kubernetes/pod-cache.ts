/**
 * The process's one picture of a namespace's pods: views by name, waiters by name, listeners.
 * Everything in a process that watches pods shares it.
 */
import { labels, managedByValue } from '../pool/labels.ts';
import type { PodView } from '../pool/pod-view.ts';
import { noVersion } from '../pool/resource-version.ts';
import type { ClusterConnection } from './connection.ts';
import { toKnownPod, type ClaimFacts, type KnownPod } from './known-pod.ts';
import type { KubernetesError } from './kubernetes-error.ts';
import { PodIndex } from './pod-index.ts';
import { reflect } from './reflector.ts';

/** What changed in the cache. */
export type PodCacheChange =
  | { kind: 'changed'; pool: string; view: PodView; facts: ClaimFacts }
  | {
      kind: 'gone';
      pool: string;
      name: string;
      uid: string;
      version: string;
      /** As the pod was last heard of. */
      last: KnownPod;
    }
  /** `isNews`: it brought a change, or is the first, or an older one; see the reflector. */
  | { kind: 'listed'; version: string; isNews: boolean };

/** Views of all pods of a namespace that carry our labels. */
export class PodCache {
  /** Newest version heard. */
  version = noVersion;
  /** The last failure of the watch; null once it is heard of again. */
  lastError: KubernetesError | null = null;
  /** Bytes that the watch has brought since the start. */
  receivedBytes = 0;
  readonly #index = new PodIndex();
  readonly #listeners = new Set<(change: PodCacheChange) => void>();
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  readonly #firstList = Promise.withResolvers<undefined>();
  #heardAtMs = performance.now();

  private constructor(connection: ClusterConnection, namespace: string) {
    this.#ended = reflect<KnownPod>({
      connection,
      path: `/api/v1/namespaces/${namespace}/pods`,
      labelSelector: `${labels.pool},${labels.managedBy}=${managedByValue}`,
      signal: this.#stop.signal,
      read: toKnownPod,
      events: {
        changed: (pod) => this.#changed(this.#index.watch(pod)),
        gone: (last, version) => {
          const { name, uid } = last.view;
          this.#index.end(name, uid);
          this.#tell({ kind: 'gone', pool: last.pool, name, uid, version, last });
          this.#wake(name);
        },
        listed: (version, isNews) => {
          this.#heard(version);
          this.#index.listed(version);
          this.#firstList.resolve(undefined);
          this.#tell({ kind: 'listed', version, isNews });
        },
        heard: (version) => this.#heard(version),
        failed: (error) => (this.lastError = error),
        received: (bytes) => (this.receivedBytes += bytes),
      },
    });
  }

  /** Starts watching a namespace. */
  static start(options: { connection: ClusterConnection; namespace: string }): PodCache {
    return new PodCache(options.connection, options.namespace);
  }

  /** Whether the first list has come. */
  async ready(deadlineMs: number): Promise<boolean> {
    const timeout = AbortSignal.timeout(Math.max(1, deadlineMs - Date.now()));
    const late = new Promise<boolean>((resolve) =>
      timeout.addEventListener('abort', () => resolve(false)),
    );
    return Promise.race([this.#firstList.promise.then(() => true), late]);
  }

  /** The pod of that name as last heard of. */
  get(name: string): PodView | undefined {
    return this.#index.get(name)?.view;
  }

  /** The pods of a pool. */
  list(pool: string): PodView[] {
    return [...this.#index.ofPool(pool)].map(({ view }) => view);
  }

  /** The pods of a pool with what claims need of them, in no order. */
  ofPool(pool: string): Iterable<KnownPod> {
    return this.#index.ofPool(pool);
  }

  /** The pods that carry this value of the claim label. */
  ofClaim(claimHash: string): Iterable<KnownPod> {
    return this.#index.ofClaim(claimHash);
  }

  /** The pools that have pods. */
  pools(): string[] {
    return this.#index.pools();
  }

  /**
   * Takes in a pod as the answer to a write or a read of ours showed it, ahead of the watch; nothing
   * happens when the watch is ahead, or does not know the pod.
   */
  fold(pod: KnownPod): void {
    if (this.#index.fold(pod)) this.#changed(pod);
  }

  /** Time since anything was heard of the API server; a bookmark comes within 35 s. */
  lagMs(): number {
    return performance.now() - this.#heardAtMs;
  }

  /** Calls a listener at each change, in order; it must not throw. Returns the way to stop. */
  subscribe(listener: (change: PodCacheChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits until a pod's view satisfies `until`, at most `timeoutMs`; also ends by the signal. */
  async waitFor(options: {
    name: string;
    until: (view: PodView | undefined) => boolean;
    timeoutMs: number;
    signal: AbortSignal;
  }): Promise<'met' | 'deadline' | 'aborted'> {
    const { name, until, timeoutMs, signal } = options;
    if (until(this.get(name))) return 'met';
    if (signal.aborted) return 'aborted';
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(name) ?? new Set();
      this.#waiters.set(name, waiters);
      const end = (how: 'met' | 'deadline' | 'aborted'): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        waiters.delete(look);
        if (waiters.size === 0) this.#waiters.delete(name);
        resolve(how);
      };
      const look = (): void => {
        if (until(this.get(name))) end('met');
      };
      const abort = (): void => end('aborted');
      const timer = setTimeout(() => end('deadline'), Math.max(0, timeoutMs));
      waiters.add(look);
      signal.addEventListener('abort', abort);
    });
  }

  /** Stops watching. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #changed({ pool, view, facts }: KnownPod): void {
    this.#tell({ kind: 'changed', pool, view, facts });
    this.#wake(view.name);
  }

  #heard(version: string): void {
    this.version = version;
    this.lastError = null;
    this.#heardAtMs = performance.now();
  }

  #tell(change: PodCacheChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #wake(name: string): void {
    for (const look of this.#waiters.get(name) ?? []) look();
  }
}
