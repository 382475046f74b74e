/** The process's one picture of the pools, from their cards: no Temporal needed. */
import type { PoolCard } from '../pool/actions.ts';
import { labels, managedByValue } from '../pool/labels.ts';
import type { ClusterConnection } from './connection.ts';
import type { KubernetesError } from './kubernetes-error.ts';
import { cardDataKey, readPoolCard } from './pool-cards.ts';
import { reflect, type ReflectedObject } from './reflector.ts';

interface CardConfigMap extends ReflectedObject {
  data?: Record<string, string>;
}

/** The cards of all pools of a namespace. */
export class CardCache {
  /** The last failure of the watch; null once it is heard of again. */
  lastError: KubernetesError | null = null;
  /** Bytes that the watch has brought since the start. */
  receivedBytes = 0;
  readonly #cards = new Map<string, { objectName: string; card: PoolCard }>();
  readonly #listeners = new Set<(pool: string) => void>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  readonly #firstList = Promise.withResolvers<undefined>();
  #heardAtMs = performance.now();

  private constructor(connection: ClusterConnection, namespace: string) {
    this.#ended = reflect<CardConfigMap>({
      connection,
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      labelSelector: `${labels.pool},${labels.managedBy}=${managedByValue}`,
      signal: this.#stop.signal,
      read: (object: CardConfigMap) => object,
      events: {
        changed: ({ metadata: { name }, data }) => {
          const card = readPoolCard(data?.[cardDataKey]);
          // A card that can't be read is as good as none: nobody but us may write it.
          if (card === null) this.#forget(name);
          else this.#keep(name, card);
        },
        gone: ({ metadata: { name } }) => this.#forget(name),
        listed: () => {
          this.#heard();
          this.#firstList.resolve(undefined);
        },
        heard: () => this.#heard(),
        failed: (error) => (this.lastError = error),
        received: (bytes) => (this.receivedBytes += bytes),
      },
    });
  }

  /** Starts watching a namespace. */
  static start(options: { connection: ClusterConnection; namespace: string }): CardCache {
    return new CardCache(options.connection, options.namespace);
  }

  /** Whether the first list has come by `deadlineMs` (epoch). */
  async ready(deadlineMs: number): Promise<boolean> {
    const timeout = AbortSignal.timeout(Math.max(1, deadlineMs - Date.now()));
    const late = new Promise<boolean>((resolve) =>
      timeout.addEventListener('abort', () => resolve(false)),
    );
    return Promise.race([this.#firstList.promise.then(() => true), late]);
  }

  /** The card of a pool; undefined when there is no such pool. */
  get(pool: string): PoolCard | undefined {
    return this.#cards.get(pool)?.card;
  }

  /** All cards. */
  list(): PoolCard[] {
    return [...this.#cards.values()].map(({ card }) => card);
  }

  /** Time since anything was heard of the API server; a bookmark comes within 35 s. */
  lagMs(): number {
    return performance.now() - this.#heardAtMs;
  }

  /** Calls a listener with the pool whose card changed or went; it must not throw. */
  subscribe(listener: (pool: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops watching. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #keep(objectName: string, card: PoolCard): void {
    this.#cards.set(card.pool, { objectName, card });
    this.#tell(card.pool);
  }

  #forget(objectName: string): void {
    for (const [pool, known] of this.#cards) {
      if (known.objectName !== objectName) continue;
      this.#cards.delete(pool);
      this.#tell(pool);
    }
  }

  #heard(): void {
    this.lastError = null;
    this.#heardAtMs = performance.now();
  }

  #tell(pool: string): void {
    for (const listener of this.#listeners) listener(pool);
  }
}
