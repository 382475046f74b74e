/**
 * A model of a cluster, of Temporal and of everything that goes wrong between them, around one pool:
 * replies are lost, processes die, watches are held back, runs continue as new, pods are claimed,
 * deleted and fail, targets change, and the cluster is set back to a backup of its etcd.
 */
import assert from 'node:assert/strict';
import type { Action, Outcome } from '../../src/pool/actions.ts';
import { begin } from '../../src/pool/begin.ts';
import { hear } from '../../src/pool/observe.ts';
import type { GonePod, Observation } from '../../src/pool/observation.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { readState } from '../../src/pool/read-state.ts';
import { requestTarget } from '../../src/pool/requests.ts';
import { settle } from '../../src/pool/settle.ts';
import { carryState } from '../../src/pool/carry-state.ts';
import { newState, type PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleSpec } from './examples.ts';

/** What a backup of etcd holds. */
interface Backup {
  version: number;
  pods: Map<string, PodView>;
}

/** What may happen to a pod without the pool's doing. */
export type Touch = 'ready' | 'unready' | 'claim' | 'delete' | 'fail';

/** A pool and its world. What the pool has done wrong shows in the counts, or raises at once. */
export class FaultyCluster {
  state: PoolState;
  nowMs = 1_000;
  readonly pods = new Map<string, PodView>();
  /** Pods created, by whomever's decision; only the pool decides. */
  created = 0;
  /** Pods that are a cause for another: claimed, lost, failed. */
  goneForCause = 0;
  /**
   * Pods made under a name whose first pod had come and gone, unread, before the spawn was launched
   * again: the reply of a create was lost (ADR 8). At most one for each such reply.
   */
  secondPods = 0;
  lostCreates = 0;
  allowedByTargets: number;
  mostLive = 0;
  protected version = 100;
  private backup: Backup;
  private wasSetBack = false;
  /** Names whose pod the pool has heard of: these must never be given to a second pod. */
  private readonly heardNames = new Set<string>();
  private readonly usedNames = new Set<string>();
  private underWay: Action[] = [];
  private untold: { pods: PodView[]; gone: GonePod[] } = { pods: [], gone: [] };
  private late: Observation[] = [];

  constructor(options: { warmTarget: number; maxPods: number; rules: number }) {
    const { warmTarget, maxPods, rules } = options;
    this.state = newState({
      pool: 'p',
      namespace: 'default',
      spec: exampleSpec({ warmTarget, maxPods }),
      upsertSearchAttributes: false,
      rules,
    });
    this.allowedByTargets = warmTarget;
    this.backup = { version: this.version, pods: new Map() };
  }

  work(): void {
    const { actions } = plan({ state: this.state, nowMs: this.nowMs });
    this.state = begin(this.state, actions, this.nowMs);
    this.underWay.push(...actions);
    for (const action of actions) {
      // A pod that was Ready and is not for a minute has failed, as the pool decides here.
      if (action.kind === 'retire' && action.reason === 'unready') this.goneForCause += 1;
      if (action.kind !== 'spawn' || action.uid !== null) continue;
      const { podName } = action;
      assert.ok(!this.heardNames.has(podName), `${podName} is to be used for a second pod`);
    }
    const launched = actions.map((action) => JSON.stringify(action));
    const again = plan({ state: this.state, nowMs: this.nowMs }).actions;
    const twice = again.filter((action) => launched.includes(JSON.stringify(action)));
    assert.deepEqual(twice, [], 'a begun plan plans nothing again (L5)');
  }

  /** Carries one action out; with `isLost` its effect happens, but nobody hears of it. */
  carryOut(choice: number, isLost: boolean): void {
    const action = this.underWay.splice(choice % Math.max(1, this.underWay.length), 1)[0];
    if (action === undefined) return;
    const before = this.created;
    const outcome = this.effect(action);
    if (isLost) this.lostCreates += this.created - before;
    this.settle(isLost ? lost(action) : outcome);
  }

  /** The process dies before it did anything. */
  die(): void {
    for (const action of this.underWay.splice(0)) this.settle(lost(action));
  }

  continueAsNew(): void {
    const carried: unknown = JSON.parse(JSON.stringify(carryState(this.state)));
    const restored = readState(carried, this.state);
    assert.ok(restored);
    assert.deepEqual(carryState(restored), carryState(this.state), 'state survives JSON (P11)');
    this.state = restored;
    this.underWay = [];
  }

  touch(choice: number, what: Touch): void {
    const pod = [...this.pods.values()][choice % Math.max(1, this.pods.size)];
    if (pod === undefined) return;
    const isOurs = !pod.claimed && !pod.ended;
    if (what === 'ready' && !pod.ended) this.write({ ...pod, ready: true });
    if (what === 'unready' && isOurs) this.write({ ...pod, ready: false });
    if (what === 'claim' && pod.ready && isOurs) {
      this.goneForCause += 1;
      this.write({ ...pod, claimed: true });
    }
    if (what === 'fail' && isOurs) {
      this.goneForCause += 1;
      this.write({ ...pod, ready: false, ended: true, reason: 'Error' });
    }
    if (what === 'delete') {
      if (isOurs) this.goneForCause += 1;
      this.remove(pod);
    }
  }

  setTarget(target: number): void {
    this.allowedByTargets += Math.max(0, target - this.state.spec.warmTarget);
    this.state = requestTarget(this.state, target, this.nowMs);
  }

  /** The watcher tells what changed; with `isHeldBack` only later, behind newer messages. */
  tell(isHeldBack: boolean): void {
    const message = {
      cluster: 'c',
      version: String(this.version),
      complete: false,
      ...this.untold,
    };
    this.untold = { pods: [], gone: [] };
    if (isHeldBack) this.late.push(message);
    else this.hear(message);
  }

  tellLate(): void {
    const message = this.late.pop();
    if (message) this.hear(message);
  }

  snapshot(): void {
    const pods = [...this.pods.values()];
    this.hear({ cluster: 'c', version: String(this.version), pods, gone: [], complete: true });
  }

  backUp(): void {
    this.backup = { version: this.version, pods: new Map(this.pods) };
  }

  /**
   * Sets the cluster back to its backup: versions count from there again, pods made since are gone,
   * which is nobody's fault, and those deleted since are back. The watcher's connections broke long
   * before, so nothing it had left to tell is of what is no more; it lists anew.
   */
  setBack(): void {
    const vanished = [...this.pods.values()].filter(
      ({ name, uid }) => this.backup.pods.get(name)?.uid !== uid,
    );
    this.goneForCause += vanished.filter(({ claimed, ended }) => !claimed && !ended).length;
    this.version = this.backup.version;
    this.pods.clear();
    for (const [name, pod] of this.backup.pods) this.pods.set(name, pod);
    this.wasSetBack = true;
    this.untold = { pods: [], gone: [] };
    this.late = [];
  }

  /** No more faults: everything is carried out and told, and time passes. */
  calm(): void {
    for (let round = 0; round < 90; round += 1) this.settleAll(61_000);
  }

  /** So much later everything planned is carried out and told, and every pod is Ready. */
  settleAll(afterMs: number): void {
    this.nowMs += afterMs;
    this.work();
    while (this.underWay.length > 0) this.carryOut(0, false);
    for (const pod of this.pods.values()) {
      if (!pod.ended && !pod.ready) this.write({ ...pod, ready: true });
    }
    this.tell(false);
    this.tellLate();
    this.snapshot();
  }

  protected hear(message: Observation): void {
    this.state = hear(this.state, message, this.nowMs);
    this.noteNames();
  }

  private settle(outcome: Outcome): void {
    this.state = settle(this.state, outcome, this.nowMs);
    this.noteNames();
  }

  private noteNames(): void {
    for (const { name, pod } of Object.values(this.state.records)) {
      if (pod !== null) this.heardNames.add(name);
    }
  }

  protected write(pod: PodView): PodView {
    this.version += 1;
    const written = { ...pod, version: String(this.version) };
    this.pods.set(pod.name, written);
    this.untold.pods = [...this.untold.pods.filter(({ name }) => name !== pod.name), written];
    // Pods that are back from a backup may be too many, which the pool can't know beforehand.
    if (!this.wasSetBack) this.mostLive = Math.max(this.mostLive, this.pods.size);
    return written;
  }

  protected remove({ name, uid, claimed }: PodView): void {
    this.version += 1;
    this.pods.delete(name);
    this.untold.pods = this.untold.pods.filter((other) => other.name !== name);
    const version = String(this.version);
    this.untold.gone.push({ name, uid, version, ...(claimed && { claimed }) });
  }

  private effect(action: Action): Outcome {
    switch (action.kind) {
      case 'spawn':
        return { kind: 'spawn', podName: action.podName, result: this.spawn(action) };
      case 'retire':
        return { kind: 'retire', podName: action.podName, result: this.retire(action) };
      case 'observe': {
        const pods = [...this.pods.values()];
        const version = String(this.version);
        const list = { cluster: 'c', version, pods, gone: [], complete: true };
        return { kind: 'observe', result: { outcome: 'listed', list } };
      }
      case 'publish':
        return { kind: 'publish', result: { outcome: 'published' } };
    }
  }

  private spawn(action: Extract<Action, { kind: 'spawn' }>): SpawnResult {
    const { podName, uid } = action;
    const known = this.pods.get(podName);
    if (known === undefined && uid !== null) return { outcome: 'gone' };
    if (known?.ended) {
      this.remove(known);
      const pod = { ...known, terminating: true };
      return { outcome: 'failed', pod, reason: 'Error', message: 'ended' };
    }
    const pod = this.write({ ...(known ?? this.create(podName)), ready: true });
    return { outcome: 'ready', pod };
  }

  private retire(action: Extract<Action, { kind: 'retire' }>): RetireResult {
    const { podName, uid, onlyIfNotReady } = action;
    const pod = this.pods.get(podName);
    if (pod?.uid !== uid) return { outcome: 'gone' };
    if (pod.claimed) return { outcome: 'claimedMeanwhile', pod };
    if (onlyIfNotReady && pod.ready) return { outcome: 'readyMeanwhile', pod };
    this.remove(pod);
    return { outcome: 'deleted', pod };
  }

  private create(name: string): PodView {
    this.created += 1;
    if (this.usedNames.has(name)) this.secondPods += 1;
    this.usedNames.add(name);
    return examplePod({ name, uid: `u-${this.created}` });
  }
}

type SpawnResult = Extract<Outcome, { kind: 'spawn' }>['result'];
type RetireResult = Extract<Outcome, { kind: 'retire' }>['result'];

function lost(action: Action): Outcome {
  const result = { outcome: 'noVerdict', message: 'lost' } as const;
  switch (action.kind) {
    case 'spawn':
    case 'retire':
      return { kind: action.kind, podName: action.podName, result };
    case 'observe':
    case 'publish':
      return { kind: action.kind, result };
  }
}
