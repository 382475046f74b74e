/**
 * The floor of claims: a bare loop that does what a claim's life needs and nothing else. Each claim
 * takes a Ready pod by the same conditional patch, has a new pod created in its place, and deletes
 * its own after the dwell. No workflow, no HTTP, no lease, no second replica to be beaten to a pod.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { isReady, podsPath, type BareCluster } from './bare-cluster.ts';
import { barePod } from './bare-pod.ts';
import { runOpenLoop, type Timed } from './open-loop.ts';
import { namespace } from './stage.ts';

/** A Ready pod, or nothing, takes no longer than this on any cluster that is measured. */
const readyDeadlineMs = 60_000;

/** How often is looked whether all pods are Ready. */
const lookEveryMs = 100;

interface Pod {
  name: string;
  uid: string;
}

/** A set of bare pods that is kept at one size. */
export class BarePool {
  readonly #name: string;
  readonly #size: number;
  /** Patches have connections of their own, so that they never wait behind a create. */
  readonly #clusters: { claims: BareCluster; bulk: BareCluster };
  readonly #ready = new Map<string, Pod>();
  readonly #waiters: ((pod: Pod) => void)[] = [];
  readonly #taken = new Set<string>();
  #next = 0;
  #endWatch: () => void = () => undefined;
  #failure: Error | null = null;

  constructor(options: {
    name: string;
    size: number;
    clusters: { claims: BareCluster; bulk: BareCluster };
  }) {
    this.#name = options.name;
    this.#size = options.size;
    this.#clusters = options.clusters;
  }

  /** Creates the pods and waits until all are Ready. */
  async start(): Promise<void> {
    this.#endWatch = await this.#clusters.bulk.watchPods({
      namespace,
      selector: this.#selector,
      onChange: (type, pod) => this.#note(type, pod),
      onEnd: (error) => (this.#failure = error),
    });
    await Promise.all(Array.from({ length: this.#size }, () => this.#create()));
    await this.untilFull();
  }

  /** Waits until as many pods are Ready as there should be. Raises after 60 s. */
  async untilFull(): Promise<void> {
    const deadlineMs = performance.now() + readyDeadlineMs;
    while (this.#ready.size < this.#size) {
      if (this.#failure !== null) throw this.#failure;
      if (performance.now() > deadlineMs) {
        throw new Error(`the floor has ${this.#ready.size} of ${this.#size} pods Ready`);
      }
      await sleep(lookEveryMs);
    }
  }

  /** Claims at the instants given; the latency of each ends with the answer to its patch. */
  async load(options: {
    arrivalsMs: number[];
    dwellMs: number;
    signal: AbortSignal;
  }): Promise<Timed<void>[]> {
    const { arrivalsMs, dwellMs, signal } = options;
    const task = async (index: number, answered: () => void): Promise<void> => {
      const pod = await this.#take();
      await this.#claim(pod, `floor-${index}`);
      answered();
      const replacement = this.#create();
      await sleep(dwellMs);
      await Promise.all([this.#release(pod), replacement]);
    };
    return runOpenLoop({ arrivalsMs, signal, task });
  }

  /** Ends the watch and deletes all pods. */
  async stop(): Promise<void> {
    this.#endWatch();
    await this.#clusters.bulk.deletePods(namespace, this.#selector);
  }

  get #selector(): string {
    return `bench=${this.#name}`;
  }

  #note(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: V1Pod): void {
    const { name = '', uid = '', deletionTimestamp } = pod.metadata ?? {};
    if (type === 'DELETED' || deletionTimestamp !== undefined) {
      this.#ready.delete(uid);
      this.#taken.delete(uid);
      return;
    }
    if (!isReady(pod) || this.#taken.has(uid)) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#ready.set(uid, { name, uid });
      return;
    }
    this.#taken.add(uid);
    waiter({ name, uid });
  }

  /** The pod that is Ready the longest, else the next to be; raises when none comes in 60 s. */
  async #take(): Promise<Pod> {
    const [first] = this.#ready.values();
    if (first !== undefined) {
      this.#ready.delete(first.uid);
      this.#taken.add(first.uid);
      return first;
    }
    const next = Promise.withResolvers<Pod>();
    this.#waiters.push(next.resolve);
    const late = setTimeout(() => {
      next.reject(new Error(`no pod was Ready within ${readyDeadlineMs} ms`));
    }, readyDeadlineMs);
    try {
      return await next.promise;
    } finally {
      clearTimeout(late);
    }
  }

  async #claim({ name, uid }: Pod, claimId: string): Promise<void> {
    await this.#clusters.claims.call({
      method: 'PATCH',
      path: `${podsPath(namespace)}/${name}`,
      contentType: 'application/json-patch+json',
      body: JSON.stringify([
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'test', path: '/metadata/deletionTimestamp', value: null },
        { op: 'test', path: '/metadata/labels/state', value: 'unclaimed' },
        { op: 'replace', path: '/metadata/labels/state', value: 'claimed' },
        { op: 'add', path: '/metadata/annotations/claim-id', value: claimId },
      ]),
      expected: [200],
    });
  }

  async #release({ name, uid }: Pod): Promise<void> {
    await this.#clusters.bulk.call({
      method: 'DELETE',
      path: `${podsPath(namespace)}/${name}`,
      body: JSON.stringify({ preconditions: { uid } }),
      expected: [200, 202],
    });
  }

  async #create(): Promise<void> {
    const name = `${this.#name}-${(this.#next++).toString(36)}`;
    const pod = barePod(name, { bench: this.#name, state: 'unclaimed' });
    await this.#clusters.bulk.call({
      method: 'POST',
      path: podsPath(namespace),
      body: JSON.stringify(pod),
      expected: [201],
    });
  }
}
