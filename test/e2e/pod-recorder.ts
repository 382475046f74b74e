/** Counts pods by a watch of the test's own, which shares no code with the product's. */
import { KubeConfig, Watch, type V1Pod } from '@kubernetes/client-node';

/** What became of one pod, told apart by its uid. */
export interface RecordedPod {
  name: string;
  uid: string;
  pool: string;
  isReady: boolean;
  isDeleted: boolean;
}

/** Records every pod of namespace `default` that ever existed while it runs. */
export class PodRecorder {
  readonly #pods = new Map<string, RecordedPod>();
  #isStopped = false;
  #version = '0';
  #current: AbortController | null = null;
  readonly #config = new KubeConfig();

  constructor(kubeconfigPath: string) {
    this.#config.loadFromFile(kubeconfigPath);
    void this.#watch();
  }

  /** Pods of a pool in the order of their creation, deleted ones included. */
  of(pool: string): RecordedPod[] {
    return [...this.#pods.values()].filter((pod) => pod.pool === pool);
  }

  /** uids of all pods ever created for a pool. */
  uids(pool: string): string[] {
    return this.of(pool).map(({ uid }) => uid);
  }

  stop(): void {
    this.#isStopped = true;
    this.#current?.abort();
  }

  async #watch(): Promise<void> {
    // Goes on at the last version after every end, so that no pod is missed; ends with `stop`.
    while (!this.#isStopped) {
      await new Promise<void>((resolve) => {
        const query = { resourceVersion: this.#version, allowWatchBookmarks: true };
        new Watch(this.#config)
          .watch('/api/v1/namespaces/default/pods', query, this.#note, () => resolve())
          .then(
            (current) => (this.#current = current),
            () => resolve(),
          );
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  readonly #note = (phase: string, pod: V1Pod): void => {
    const { name = '', uid = '', resourceVersion = '0', labels = {} } = pod.metadata ?? {};
    if (phase === 'ERROR') return;
    this.#version = resourceVersion;
    if (phase === 'BOOKMARK') return;
    this.#pods.set(uid, {
      name,
      uid,
      pool: labels['pilotlight.dev/pool'] ?? '',
      isReady:
        pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true,
      isDeleted: phase === 'DELETED',
    });
  };
}
