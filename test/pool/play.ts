import assert from 'node:assert/strict';
import type { Action, Outcome, RetireResult } from '../../src/pool/actions.ts';
import { begin } from '../../src/pool/begin.ts';
import { observe } from '../../src/pool/observe.ts';
import { passTime } from '../../src/pool/pass-time.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import type { PoolSpec } from '../../src/pool/pool-spec.ts';
import { requestSpec } from '../../src/pool/requests.ts';
import { settle } from '../../src/pool/settle.ts';
import { countPhases, type PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState } from './examples.ts';

const cluster = 'c1';

/** A pool on a cluster that does at once what is planned; pods start well, fail or wait as told. */
export class Play {
  state: PoolState;
  nowMs = 0;
  created = 0;
  refused = 0;
  retired: { podName: string; reason: string; atMs: number }[] = [];
  leastWarm = Infinity;
  mostLive = 0;
  readonly pods = new Map<string, PodView>();
  private version = 100;
  /** What becomes of a pod of a template. */
  starts: (pod: PodView) => 'ready' | 'fails' | 'waits' | 'evicted' | 'vanishes' = () => 'ready';
  /** Pods that the namespace's quota has room for. */
  quota = Infinity;
  /** Retirements that begin now stay under way, like deletes that are not answered. */
  deletesHang = false;
  /** Looks at each retirement before it is carried out. */
  onRetire: (pod: PodView, reason: string) => void = () => undefined;

  constructor(spec: Partial<PoolSpec> = {}) {
    this.state = { ...exampleState(spec), rules: 2 };
    this.pass(1_000);
  }

  get warm(): number {
    return countPhases(this.state).warm;
  }

  /** Lets time pass in steps of a second, or of `stepMs`. */
  pass(ms: number, stepMs = 1_000): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs += stepMs;
      this.state = passTime(this.state, this.nowMs);
      for (let round = 0; round < 5; round += 1) {
        const { actions } = plan({ state: this.state, nowMs: this.nowMs });
        this.state = begin(this.state, actions, this.nowMs);
        for (const action of actions) this.carryOut(action);
        if (actions.length === 0) break;
      }
      this.leastWarm = Math.min(this.leastWarm, this.warm);
    }
  }

  apply(spec: Partial<PoolSpec>): void {
    const request = { spec: { ...this.state.spec, ...spec }, namespace: 'default' };
    this.state = requestSpec(this.state, { ...request, upsertSearchAttributes: false }, this.nowMs);
  }

  touch(name: string, changes: Partial<PodView>): void {
    const pod = this.pods.get(name);
    assert.ok(pod);
    this.tell(this.write({ ...pod, ...changes }));
  }

  /** A waiting spawn gives its pod up. */
  fail(podName: string): void {
    const pod = this.pods.get(podName);
    assert.ok(pod);
    const result = { outcome: 'failed', pod, reason: 'Unschedulable', message: 'no node' } as const;
    this.state = settle(this.state, { kind: 'spawn', podName, result }, this.nowMs);
    this.remove(pod);
  }

  /** The node of a pod is cordoned, which changes nothing of the pod. */
  cordon(podName: string): void {
    const node = this.pods.get(podName)?.node;
    assert.ok(node);
    const nodes = [...this.state.cordoned.nodes, node];
    const seen = { version: String(nodes.length), nodes };
    const message = { cluster, version: String(this.version), pods: [], gone: [], complete: false };
    this.state = observe(this.state, { ...message, cordoned: seen }, this.nowMs);
  }

  /** Claims a warm pod; its name, or undefined when there is none. */
  claim(): string | undefined {
    const pod = [...this.pods.values()].find(({ ready, claimed }) => ready && !claimed);
    if (pod !== undefined) this.touch(pod.name, { claimed: true });
    return pod?.name;
  }

  /** Somebody else deletes a pod. */
  takeAway(name: string): void {
    const pod = this.pods.get(name);
    assert.ok(pod);
    this.remove(pod);
  }

  private carryOut(action: Action): void {
    switch (action.kind) {
      case 'spawn':
        this.spawn(action.podName, action.templateHash);
        break;
      case 'retire': {
        this.retire(action);
        break;
      }
      case 'observe': {
        const pods = [...this.pods.values()];
        const list = { cluster, version: String(this.version), pods, gone: [], complete: true };
        const outcome: Outcome = { kind: 'observe', result: { outcome: 'listed', list } };
        this.state = settle(this.state, outcome, this.nowMs);
        break;
      }
      case 'publish':
        this.state = settle(
          this.state,
          { kind: 'publish', result: { outcome: 'published' } },
          this.nowMs,
        );
    }
  }

  private retire({ podName, reason, onlyIfNotReady }: Extract<Action, { kind: 'retire' }>): void {
    const pod = this.pods.get(podName);
    if (pod === undefined) return;
    if (this.deletesHang) return;
    const settled = (result: RetireResult): void => {
      this.state = settle(this.state, { kind: 'retire', podName, result }, this.nowMs);
    };
    if (pod.claimed || (pod.ready && onlyIfNotReady)) {
      settled({ outcome: pod.claimed ? 'claimedMeanwhile' : 'readyMeanwhile', pod });
      return;
    }
    this.onRetire(pod, reason);
    this.retired.push({ podName, reason, atMs: this.nowMs });
    settled({ outcome: 'deleted', pod });
    this.remove(pod);
  }

  private spawn(podName: string, templateHash: string): void {
    let pod = this.pods.get(podName);
    if (pod === undefined && this.pods.size >= this.quota) {
      this.refused += 1;
      const result = { outcome: 'refused', reason: 'quota', message: 'exceeded quota: q' } as const;
      this.state = settle(this.state, { kind: 'spawn', podName, result }, this.nowMs);
      return;
    }
    if (pod === undefined) {
      this.created += 1;
      const uid = `${this.created * 7_919}-u`;
      const node = `n-${this.created}`;
      const fresh = { name: podName, uid, templateHash, node, createdAtMs: this.nowMs };
      pod = this.write(examplePod(fresh));
    }
    this.mostLive = Math.max(this.mostLive, this.pods.size);
    const how = this.starts(pod);
    if (how === 'vanishes') {
      this.remove(pod);
      return;
    }
    if (how === 'waits') {
      this.tell(pod);
      return;
    }
    if (how === 'ready') {
      pod = this.write({ ...pod, ready: true, readyChangedAtMs: this.nowMs });
      const result = { outcome: 'ready', pod } as const;
      this.state = settle(this.state, { kind: 'spawn', podName, result }, this.nowMs);
      return;
    }
    const reason = how === 'evicted' ? 'Evicted' : 'ImagePullBackOff';
    const failed = { ...pod, terminating: true, ended: how === 'evicted', reason };
    const result = { outcome: 'failed', pod: failed, reason, message: 'Back-off pulling' } as const;
    this.state = settle(this.state, { kind: 'spawn', podName, result }, this.nowMs);
    this.remove(pod);
  }

  private write(pod: PodView): PodView {
    this.version += 1;
    const written = { ...pod, version: String(this.version) };
    this.pods.set(pod.name, written);
    return written;
  }

  private tell(pod: PodView): void {
    const message = { cluster, version: pod.version, pods: [pod], gone: [], complete: false };
    this.state = observe(this.state, message, this.nowMs);
  }

  private remove({ name, uid }: PodView): void {
    this.version += 1;
    this.pods.delete(name);
    const gone = [{ name, uid, version: String(this.version) }];
    const message = { cluster, version: String(this.version), pods: [], gone, complete: false };
    this.state = observe(this.state, message, this.nowMs);
  }
}
