/**
 * The nodes that take no new pods, which is how nodes begin to go. Only they are listed and watched,
 * so that a cluster of a thousand nodes costs no more than one with two.
 */
import { compareVersions, newerVersion, noVersion } from '../pool/resource-version.ts';
import type { ClusterConnection } from './connection.ts';
import type { KubernetesError } from './kubernetes-error.ts';
import { reflect, type ReflectedObject } from './reflector.ts';

/** Names of cordoned nodes. Without the right to read nodes it stays unknown, and everything goes on. */
export class CordonedNodes {
  /** Newest version of nodes heard; `noVersion` until the first list. */
  version = noVersion;
  readonly #names = new Set<string>();
  readonly #listeners = new Set<(node: string | null) => void>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #isFailing = false;

  private constructor(connection: ClusterConnection, onTrouble: (error: KubernetesError) => void) {
    this.#ended = reflect<ReflectedObject['metadata']>({
      connection,
      path: '/api/v1/nodes',
      labelSelector: '',
      fieldSelector: 'spec.unschedulable=true',
      signal: this.#stop.signal,
      read: ({ metadata }) => metadata,
      events: {
        changed: ({ name, resourceVersion }) => {
          // Those of the first list are told at its end.
          if (this.version !== noVersion) this.#heard(resourceVersion);
          if (this.#names.has(name)) return;
          this.#names.add(name);
          this.#tell(name);
        },
        gone: ({ name }, version) => {
          this.#heard(version);
          this.#names.delete(name);
          this.#tell(name);
        },
        listed: (version) => {
          // A list that is older than what was heard shows a cluster whose history was rewound.
          if (compareVersions(version, this.version) < 0) this.version = version;
          const isFirst = this.version === noVersion;
          this.#heard(version);
          if (isFirst) this.#tell(null);
        },
        heard: (version) => this.#heard(version),
        failed: (error) => {
          if (!this.#isFailing) onTrouble(error);
          this.#isFailing = true;
        },
      },
    });
  }

  /** Starts watching. `onTrouble` hears of the first failure only, until the watch works again. */
  static start(options: {
    connection: ClusterConnection;
    onTrouble: (error: KubernetesError) => void;
  }): CordonedNodes {
    return new CordonedNodes(options.connection, options.onTrouble);
  }

  /** Whether a node is known to be cordoned. */
  has(node: string | undefined): boolean {
    return node !== undefined && this.#names.has(node);
  }

  /**
   * Calls a listener with each node that is cordoned, uncordoned or gone, and with null once it is
   * known of all nodes whether they are; it must not throw.
   */
  subscribe(listener: (node: string | null) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops watching. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #heard(version: string): void {
    this.version = newerVersion(this.version, version);
    this.#isFailing = false;
  }

  #tell(node: string | null): void {
    for (const listener of this.#listeners) listener(node);
  }
}
