import type { ApiObject } from './api-object.ts';
import { deleteObject } from './delete-object.ts';
import { nextStep } from './kubelet.ts';
import type { NodeAutoscaler } from './node-autoscaler.ts';
import { hasKubelet, isEvicted, markNode, nodeLeaseNamespace } from './node-loss.ts';
import { keyOf, type ObjectStore, type StoreEvent } from './object-store.ts';
import { isTerminal, type Node, type Pod } from './pod.ts';
import { countQuotas } from './resource-quotas.ts';
import {
  leases,
  namespaces,
  nodes,
  pods,
  type Resource,
  resourceQuotas,
  resources,
} from './resources.ts';
import { schedule } from './scheduler.ts';

/** The autoscaler and the waiting pods are looked at this often, so delays are exact to it. */
const tickMs = 250;

/** The scheduler waits this long after a change, so that a burst of creates costs one pass. */
const scheduleAfterMs = 5;

/** Quotas are counted this long after a change, so that a burst of creates costs one count. */
const countAfterMs = 5;

/** A pod being deleted, or whose node vanished, is there for this long, so that watchers can see it. */
const finishDeletionAfterMs = 50;

/**
 * Everything that moves in the simulated cluster besides its API: scheduler, kubelets, node
 * autoscaler, the count of quotas, and garbage collection of dependents, of pods on lost nodes and of deleted namespaces.
 * All of it acts on what is stored, so a restart goes on where the last life stopped.
 */
export class Controllers {
  readonly #store: ObjectStore;
  readonly #autoscaler: NodeAutoscaler;
  readonly #nodeGraceMs: number;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** When each pod was first seen on its node, by uid; more exact than the stored whole seconds. */
  readonly #boundAtMs = new Map<string, number>();
  #scheduling: NodeJS.Timeout | null = null;
  #counting: NodeJS.Timeout | null = null;
  #tick: NodeJS.Timeout | null = null;

  /** `nodeGraceMs`: from a lost kubelet to its node being Unknown. */
  constructor(options: { store: ObjectStore; autoscaler: NodeAutoscaler; nodeGraceMs: number }) {
    this.#store = options.store;
    this.#autoscaler = options.autoscaler;
    this.#nodeGraceMs = options.nodeGraceMs;
  }

  start(): void {
    this.#store.subscribe((event) => this.#onEvent(event));
    for (const pod of this.#pods()) this.#onPod(pod);
    this.#collectOrphans();
    this.#scheduleSoon();
    this.#countSoon();
    this.#tick = setInterval(() => {
      this.#autoscale();
      this.#watchNodes();
    }, tickMs);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    if (this.#scheduling) clearTimeout(this.#scheduling);
    if (this.#counting) clearTimeout(this.#counting);
    if (this.#tick) clearInterval(this.#tick);
  }

  #pods(): Pod[] {
    return this.#store.all(pods) as Pod[];
  }

  #nodes(): Node[] {
    return this.#store.all(nodes) as Node[];
  }

  #onEvent({ type, plural, object }: StoreEvent): void {
    if (type === 'DELETED') {
      this.#forget(object.metadata.uid);
      // Writing from inside a listener would show other listeners the later event first.
      setImmediate(() => this.#collectOrphans(object.metadata.uid));
      if (plural === namespaces.plural) {
        setImmediate(() => this.#collectNamespace(object.metadata.name));
      }
      if (plural === nodes.plural) this.#collectPodsOf(object.metadata.name);
    } else {
      if (plural === pods.plural) this.#onPod(object as Pod);
      // An object may come after its owner went.
      for (const { uid } of object.metadata.ownerReferences ?? []) {
        setImmediate(() => this.#collectOrphans(uid));
      }
    }
    if ([pods.plural, resourceQuotas.plural].includes(plural)) this.#countSoon();
    const isFresh = plural === pods.plural && (object as Pod).spec.nodeName === undefined;
    const makesRoom = plural === pods.plural && type === 'DELETED';
    if (isFresh || makesRoom || plural === nodes.plural) this.#scheduleSoon();
  }

  #forget(uid: string): void {
    clearTimeout(this.#timers.get(uid));
    this.#timers.delete(uid);
    this.#boundAtMs.delete(uid);
  }

  #scheduleSoon(): void {
    this.#scheduling ??= setTimeout(() => {
      this.#scheduling = null;
      const changed = schedule({ pods: this.#pods(), nodes: this.#nodes(), nowMs: Date.now() });
      for (const pod of changed) this.#store.put(pods, pod);
    }, scheduleAfterMs);
  }

  #countSoon(): void {
    this.#counting ??= setTimeout(() => {
      this.#counting = null;
      countQuotas(this.#store);
    }, countAfterMs);
  }

  /** Arms the timer of a pod that is on a node: its next report, or the end of its deletion. */
  #onPod(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const { nodeName } = pod.spec;
    if (nodeName === undefined) return;
    const hasNode = this.#store.get(nodes, keyOf({ name: nodeName })) !== undefined;
    if (hasNode && !hasKubelet(this.#leaseOf(nodeName))) return;
    if (!hasNode || deletionTimestamp !== undefined) {
      this.#arm(pod, finishDeletionAfterMs);
      return;
    }
    const scheduled = pod.status.conditions?.find(({ type }) => type === 'PodScheduled');
    const nowMs = Date.now();
    const storedAtMs = Date.parse(scheduled?.lastTransitionTime ?? '') || nowMs;
    const isNew = nowMs - storedAtMs < 2_000;
    const boundAtMs = this.#boundAtMs.get(uid) ?? (isNew ? nowMs : storedAtMs);
    this.#boundAtMs.set(uid, boundAtMs);
    const step = nextStep({ pod, boundAtMs, nowMs });
    if (step.kind === 'report') this.#arm(pod, 0);
    if (step.kind === 'wait') this.#arm(pod, step.untilMs - nowMs);
  }

  #arm(pod: Pod, afterMs: number): void {
    const { uid } = pod.metadata;
    clearTimeout(this.#timers.get(uid));
    this.#timers.set(
      uid,
      setTimeout(() => this.#act(pod), afterMs),
    );
  }

  #act(seen: Pod): void {
    const { uid } = seen.metadata;
    this.#timers.delete(uid);
    const pod = this.#store.get(pods, keyOf(seen.metadata)) as Pod | undefined;
    if (pod?.metadata.uid !== uid) return;
    const { nodeName = '' } = pod.spec;
    const node = this.#store.get(nodes, keyOf({ name: nodeName }));
    if (node !== undefined && !hasKubelet(this.#leaseOf(nodeName))) return;
    if (node === undefined || pod.metadata.deletionTimestamp !== undefined) {
      this.#remove(pods, pod);
      return;
    }
    const nowMs = Date.now();
    const boundAtMs = this.#boundAtMs.get(uid) ?? nowMs;
    const step = nextStep({ pod, boundAtMs, nowMs });
    if (step.kind === 'report') this.#store.put(pods, { ...pod, status: step.status });
    if (step.kind === 'wait') this.#arm(pod, step.untilMs - nowMs);
  }

  #autoscale(): void {
    const plan = this.#autoscaler.plan({
      pods: this.#pods().filter((pod) => !isTerminal(pod)),
      nodes: this.#nodes(),
      nowMs: Date.now(),
    });
    for (const node of plan.add) this.#store.put(nodes, node);
    for (const node of plan.remove) this.#remove(nodes, node);
  }

  #leaseOf(nodeName: string): ApiObject | undefined {
    return this.#store.get(leases, keyOf({ name: nodeName, namespace: nodeLeaseNamespace }));
  }

  /** Marks lost nodes and those that are back, and deletes the pods that must leave a lost one. */
  #watchNodes(): void {
    const nowMs = Date.now();
    for (const node of this.#nodes()) {
      const { name } = node.metadata;
      const lease = this.#leaseOf(name);
      const marked = markNode({ node, lease, graceMs: this.#nodeGraceMs, nowMs });
      if (marked !== null) this.#store.put(nodes, marked);
      if (marked !== null && hasKubelet(lease)) this.#collectPodsOf(name);
    }
    const lost = new Map(
      this.#nodes()
        .filter(({ spec }) => (spec?.taints ?? []).length > 0)
        .map((node) => [node.metadata.name, node]),
    );
    for (const pod of lost.size === 0 ? [] : this.#pods()) {
      const node = lost.get(pod.spec.nodeName ?? '');
      const { deletionTimestamp, name, namespace, uid } = pod.metadata;
      if (node === undefined || deletionTimestamp !== undefined) continue;
      if (!isEvicted(pod, node, nowMs)) continue;
      const gracePeriodSeconds = pod.spec.terminationGracePeriodSeconds;
      const options = { gracePeriodSeconds, uid, resourceVersion: undefined, isDryRun: false };
      deleteObject(this.#store, { target: { resource: pods, namespace, name }, options, nowMs });
    }
  }

  #collectPodsOf(nodeName: string): void {
    for (const pod of this.#pods()) if (pod.spec.nodeName === nodeName) this.#onPod(pod);
  }

  /** Ends objects whose owners are all gone: those of one owner, or all such objects there are. */
  #collectOrphans(ownerUid?: string): void {
    const everything = resources.flatMap((resource) =>
      this.#store.all(resource).map((object) => ({ resource, object })),
    );
    const owned = everything.filter(({ object }) => {
      const owners = object.metadata.ownerReferences ?? [];
      if (ownerUid === undefined) return owners.length > 0;
      return owners.some(({ uid }) => uid === ownerUid);
    });
    if (owned.length === 0) return;
    const uids = new Set(everything.map(({ object }) => object.metadata.uid));
    for (const { resource, object } of owned) {
      const owners = object.metadata.ownerReferences ?? [];
      if (!owners.some(({ uid }) => uids.has(uid))) this.#remove(resource, object);
    }
  }

  #collectNamespace(namespace: string): void {
    for (const resource of resources) {
      for (const object of this.#store.all(resource)) {
        if (object.metadata.namespace === namespace) this.#remove(resource, object);
      }
    }
  }

  /** Ends an object without asking its kubelet; one with finalizers stays until they are taken off. */
  #remove(resource: Resource, object: ApiObject): void {
    const { name, namespace, uid } = object.metadata;
    if (this.#store.get(resource, keyOf(object.metadata))?.metadata.uid !== uid) return;
    const options = { gracePeriodSeconds: 0, uid, resourceVersion: undefined, isDryRun: false };
    const target = { resource, namespace, name };
    deleteObject(this.#store, { target, options, nowMs: Date.now() });
  }
}
