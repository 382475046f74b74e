/** Records pods by a watch of the test's own, which shares no code with the product's. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, KubeConfig, Watch, type V1Pod } from '@kubernetes/client-node';

/** A pod at the moment of a change, told apart by its uid. */
export interface PodMoment {
  atMs: number;
  name: string;
  uid: string;
  pool: string;
  templateHash: string | null;
  node: string | null;
  isReady: boolean;
  /** Has a deletionTimestamp. */
  isTerminating: boolean;
  isDeleted: boolean;
  isClaimed: boolean;
  claimId: string | null;
  /** null: not claimed, or a claim without a lease. */
  leaseExpiresAtMs: number | null;
}

/** Pause before the watch is opened again, and between looks of `caughtUp`. */
const pauseMs = 100;

/** The record is milliseconds behind the API server; a busy machine may make that seconds. */
const catchUpMs = 20_000;

/** Records every change of every pod of namespace `default` while it runs. */
export class PodRecorder {
  readonly #moments: PodMoment[] = [];
  readonly #latest = new Map<string, PodMoment>();
  readonly #config = new KubeConfig();
  readonly #api: CoreV1Api;
  #isStopped = false;
  /** Where the watch goes on; empty: it lists first. */
  #version = '';
  #current: AbortController | null = null;

  constructor(kubeconfigPath: string) {
    this.#config.loadFromFile(kubeconfigPath);
    this.#api = this.#config.makeApiClient(CoreV1Api);
    void this.#run();
  }

  /** Every change of a pool's pods, in order. */
  moments(pool: string): PodMoment[] {
    return this.#moments.filter((moment) => moment.pool === pool);
  }

  /** Pods of a pool as last seen, in the order of their creation, deleted ones included. */
  of(pool: string): PodMoment[] {
    return [...this.#latest.values()].filter((pod) => pod.pool === pool);
  }

  /** uids of all pods ever created for a pool, in the order of their creation. */
  uids(pool: string): string[] {
    return this.of(pool).map(({ uid }) => uid);
  }

  /** Resolves once the record shows what the API server lists now; raises when it does not. */
  async caughtUp(): Promise<void> {
    const deadlineMs = Date.now() + catchUpMs;
    while (Date.now() < deadlineMs) {
      const { items } = await this.#api.listNamespacedPod({ namespace: 'default' });
      const listed = new Set(items.map(({ metadata }) => metadata?.uid ?? ''));
      const live = [...this.#latest.values()].filter((pod) => !pod.isDeleted);
      if (live.length === listed.size && live.every(({ uid }) => listed.has(uid))) return;
      await sleep(pauseMs);
    }
    throw new Error(`the record of pods is behind the API server by more than ${catchUpMs} ms`);
  }

  stop(): void {
    this.#isStopped = true;
    this.#current?.abort();
  }

  async #run(): Promise<void> {
    // Goes on at the last version after every end, so that no pod is missed; ends with `stop`.
    while (!this.#isStopped) {
      try {
        if (this.#version === '') await this.#list();
        await this.#watch();
      } catch {
        // The API server is away, as many tests want it to be: asked again until it is back.
      }
      await sleep(pauseMs);
    }
  }

  async #list(): Promise<void> {
    const { items, metadata } = await this.#api.listNamespacedPod({ namespace: 'default' });
    for (const pod of items) this.#note(pod, false);
    const present = new Set(items.map((pod) => pod.metadata?.uid));
    for (const pod of this.#latest.values()) {
      if (pod.isDeleted || present.has(pod.uid)) continue;
      this.#keep({ ...pod, atMs: Date.now(), isDeleted: true });
    }
    this.#version = metadata?.resourceVersion ?? '';
  }

  #watch(): Promise<void> {
    const query = { resourceVersion: this.#version, allowWatchBookmarks: true };
    const path = '/api/v1/namespaces/default/pods';
    return new Promise((resolve, reject) => {
      const onEnd = (error: unknown): void => {
        if (isGone(error)) this.#version = '';
        resolve();
      };
      new Watch(this.#config)
        .watch(path, query, this.#onEvent, onEnd)
        .then((current) => (this.#current = current), reject);
    });
  }

  readonly #onEvent = (phase: string, pod: V1Pod): void => {
    if (phase === 'ERROR') {
      this.#version = '';
      this.#current?.abort();
      return;
    }
    this.#version = pod.metadata?.resourceVersion ?? this.#version;
    if (phase !== 'BOOKMARK') this.#note(pod, phase === 'DELETED');
  };

  #note(pod: V1Pod, isDeleted: boolean): void {
    const { name = '', uid = '', labels = {}, annotations = {} } = pod.metadata ?? {};
    const leaseEnd = Date.parse(annotations['pilotlight.dev/lease-expires-at'] ?? '');
    const conditions = pod.status?.conditions ?? [];
    this.#keep({
      atMs: Date.now(),
      name,
      uid,
      pool: labels['pilotlight.dev/pool'] ?? '',
      templateHash: labels['pilotlight.dev/template'] ?? null,
      node: pod.spec?.nodeName ?? null,
      isReady: conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
      isTerminating: pod.metadata?.deletionTimestamp !== undefined,
      isDeleted,
      isClaimed: labels['pilotlight.dev/state'] === 'claimed',
      claimId: annotations['pilotlight.dev/claim-id'] ?? null,
      leaseExpiresAtMs: Number.isNaN(leaseEnd) ? null : leaseEnd,
    });
  }

  #keep(moment: PodMoment): void {
    this.#moments.push(moment);
    this.#latest.set(moment.uid, moment);
  }
}

/** 410: the version is no longer remembered, as after a restart of the API server. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === 410;
}
