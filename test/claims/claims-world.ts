/**
 * A cluster in this process for tests of claims: the simulated API without its controllers, so that
 * pods do only what a test makes them do, and replicas with connections that lose and hold calls.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rememberedCredentials } from '../../dev/clusters/simulated-credentials.ts';
import type { ApiObject } from '../../dev/simulated/api-object.ts';
import { createApiServer } from '../../dev/simulated/api-server.ts';
import { keyOf, ObjectStore } from '../../dev/simulated/object-store.ts';
import { namespaces, pods, resources, type Resource } from '../../dev/simulated/resources.ts';
import type { ClaimEvent } from '../../src/claims/claim-event.ts';
import type { ClaimLimits } from '../../src/claims/claim-limits.ts';
import { defaultClaimLimits } from '../../src/claims/claim-limits.ts';
import type { DemandReport } from '../../src/claims/claim.ts';
import { Claims } from '../../src/claims/claims.ts';
import { CardCache } from '../../src/kubernetes/card-cache.ts';
import {
  connectToCluster,
  type ClusterConnection,
  type PlainCall,
} from '../../src/kubernetes/connection.ts';
import { KubernetesError } from '../../src/kubernetes/kubernetes-error.ts';
import { PodCache } from '../../src/kubernetes/pod-cache.ts';
import { publishPoolCard } from '../../src/kubernetes/pool-cards.ts';
import type { PoolCard } from '../../src/pool/actions.ts';
import { labels, managedByValue, podStates } from '../../src/pool/labels.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';

const leases = resources.find(({ plural }) => plural === 'leases')!;

/** What becomes of a call on its way: by default it is carried out and answered. */
export type Fate = 'carriedOut' | 'answerLost' | 'neverArrives' | KubernetesError;

/** One API process: its own watch, connection and claims. */
export interface Replica {
  claims: Claims;
  cache: PodCache;
  events: ClaimEvent[];
  demand: { pool: string; report: DemandReport }[];
  /** Decides on each call; may wait to hold the call back. */
  fate: (call: PlainCall) => Fate | Promise<Fate>;
  /** Calls made so far, like `PATCH pods`. */
  calls: string[];
  stop(): Promise<void>;
}

/** The answer that never came. */
function unanswered(): KubernetesError {
  return new KubernetesError('no answer from the API server', { kind: 'unavailable' });
}

/** What the kind of a call is, like `PATCH pods` or `POST leases`. */
export function kindOf({ method, path }: PlainCall): string {
  const plural = /\/namespaces\/[^/]+\/([a-z]+)/.exec(path)?.[1] ?? '';
  return `${method} ${plural}`;
}

export class ClaimsWorld {
  readonly store: ObjectStore;
  readonly connection: ClusterConnection;
  readonly #folder: string;
  readonly #server: Server;
  readonly #kubeconfigPath: string;
  readonly #replicas: Replica[] = [];
  #pods = 0;

  private constructor(options: {
    store: ObjectStore;
    connection: ClusterConnection;
    folder: string;
    server: Server;
    kubeconfigPath: string;
  }) {
    this.store = options.store;
    this.connection = options.connection;
    this.#folder = options.folder;
    this.#server = options.server;
    this.#kubeconfigPath = options.kubeconfigPath;
  }

  static async start(): Promise<ClaimsWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-claims-'));
    const store = new ObjectStore(join(folder, 'journal'));
    const metadata = { name: 'default', uid: 'home', resourceVersion: '', creationTimestamp: '' };
    store.put(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
    // Garbage collection: what is owned by a pod goes with it.
    store.subscribe(({ type, object }) => {
      if (type !== 'DELETED') return;
      for (const lease of store.all(leases)) {
        const owners = lease.metadata.ownerReferences ?? [];
        if (owners.some(({ uid }) => uid === object.metadata.uid)) {
          setImmediate(() => removeIfThere(store, leases, lease));
        }
      }
    });
    const credentials = await rememberedCredentials(join(folder, 'credentials'));
    const server = createApiServer(store, credentials);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ca = Buffer.from(credentials.certificate).toString('base64');
    const kubeconfigPath = join(folder, 'kubeconfig');
    const config = {
      clusters: [{ name: 'c', cluster: { server: address, 'certificate-authority-data': ca } }],
      users: [{ name: 'u', user: { token: credentials.token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'default' } }],
      'current-context': 'c',
    };
    await writeFile(kubeconfigPath, JSON.stringify(config));
    const connection = await connectToCluster({ kubeconfigPath });
    return new ClaimsWorld({ store, connection, folder, server, kubeconfigPath });
  }

  /** Starts an API process and waits until it knows all pods and cards there are. */
  async startReplica(limits: Partial<ClaimLimits> = {}): Promise<Replica> {
    const connection = await connectToCluster({ kubeconfigPath: this.#kubeconfigPath });
    const namespace = 'default';
    const cache = PodCache.start({ connection, namespace });
    const cards = CardCache.start({ connection, namespace });
    const untilMs = Date.now() + 5_000;
    if (!(await cache.ready(untilMs)) || !(await cards.ready(untilMs))) throw new Error('no list');
    const replica: Replica = {
      cache,
      events: [],
      demand: [],
      fate: () => 'carriedOut',
      calls: [],
      claims: new Claims({
        connection: withFate(connection, () => replica),
        namespace,
        cache,
        cards,
        limits: { ...defaultClaimLimits, ...limits },
        reportDemand: (pool, report) => Promise.resolve(void replica.demand.push({ pool, report })),
        onEvent: (event) => replica.events.push(event),
      }),
      async stop() {
        await replica.claims.stop();
        await Promise.all([cache.stop(), cards.stop()]);
        await connection.close();
      },
    };
    this.#replicas.push(replica);
    return replica;
  }

  /** Publishes the card of pool `small`, whose current template is `new`, or of another. */
  async publish(card: Partial<PoolCard> = {}): Promise<void> {
    const whole: PoolCard = {
      pool: 'small',
      namespace: 'default',
      phase: 'Steady',
      why: '',
      target: 1,
      templateHash: 'new',
      labels: {},
      acceptsClaims: true,
      claim: { leaseSeconds: 60, maxLeaseSeconds: 600 },
      startSecondsEstimate: 10,
      ...card,
    };
    await publishPoolCard({ connection: this.connection, namespace: 'default', card: whole });
  }

  /** Adds a pod on a node, Ready unless told otherwise. Every second pod has no annotations. */
  addPod(options: { ready?: boolean; templateHash?: string; pool?: string } = {}): ApiObject {
    const { ready = true, templateHash = 'new', pool = 'small' } = options;
    this.#pods += 1;
    const name = `${pool}-${this.#pods}`;
    const metadata = {
      name,
      namespace: 'default',
      uid: `${name}-uid`,
      resourceVersion: '',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: {
        [labels.pool]: pool,
        [labels.state]: podStates.unclaimed,
        [labels.template]: templateHash,
        [labels.managedBy]: managedByValue,
      },
      ...(this.#pods % 2 === 0 ? { annotations: { note: 'kept' } } : {}),
    };
    const spec = { nodeName: 'node', containers: [{ name: 'main', image: 'example/none:1' }] };
    return this.store.put(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec,
      status: statusOf(ready),
    });
  }

  pod(name: string): ApiObject | undefined {
    return this.store.get(pods, keyOf({ name, namespace: 'default' }));
  }

  pods(): ApiObject[] {
    return this.store.all(pods);
  }

  record(): ApiObject | undefined {
    return this.store.all(leases)[0];
  }

  /** Sets whether a pod is Ready, as its kubelet would. */
  setReady(name: string, ready: boolean): void {
    this.store.put(pods, { ...this.pod(name)!, status: statusOf(ready) });
  }

  /** Ends a pod as its kubelet would once it is being deleted, or as a lost node does. */
  remove(name: string): void {
    removeIfThere(this.store, pods, this.pod(name)!);
  }

  /** Waits until a replica's watch shows what the server has. */
  async caughtUp({ cache }: Replica): Promise<void> {
    await eventually('the watch', () =>
      this.pods().every(
        ({ metadata: { name, resourceVersion } }) => cache.get(name)?.version === resourceVersion,
      ),
    );
  }

  async stop(): Promise<void> {
    for (const replica of this.#replicas) await replica.stop();
    await this.connection.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.store.close();
    await rm(this.#folder, { recursive: true });
  }
}

function withFate(connection: ClusterConnection, replica: () => Replica): ClusterConnection {
  return {
    ...connection,
    async send(call) {
      replica().calls.push(kindOf(call));
      const fate = await replica().fate(call);
      if (fate instanceof KubernetesError) throw fate;
      if (fate === 'neverArrives') throw unanswered();
      const answer = await connection.send(call);
      if (fate === 'answerLost') throw unanswered();
      return answer;
    },
  };
}

function statusOf(ready: boolean): object {
  return {
    phase: 'Running',
    podIP: '10.0.0.9',
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: ready ? 'True' : 'False' },
    ],
  };
}

function removeIfThere(store: ObjectStore, resource: Resource, object: ApiObject): void {
  const found = store.get(resource, keyOf(object.metadata));
  if (found?.metadata.uid === object.metadata.uid) store.remove(resource, found);
}
