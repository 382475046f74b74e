/**
 * The core against a model of a faulty cluster: replies are lost, processes die, watches are held
 * back, runs continue as new, pods are claimed, deleted and fail, targets change.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Action, Outcome } from '../../src/pool/actions.ts';
import { begin } from '../../src/pool/begin.ts';
import { observe } from '../../src/pool/observe.ts';
import type { GonePod, Observation } from '../../src/pool/observation.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { requestTarget } from '../../src/pool/requests.ts';
import { readState } from '../../src/pool/read-state.ts';
import { settle } from '../../src/pool/settle.ts';
import { carryState, countPhases, newState, type PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleSpec } from './examples.ts';

const maxPods = 12;

class FaultyCluster {
  state: PoolState;
  nowMs = 1_000;
  version = 100;
  readonly pods = new Map<string, PodView>();
  created = 0;
  goneForCause = 0;
  allowedByTargets: number;
  mostLive = 0;
  /** Names whose pod the pool has heard of: these must never be given to a second pod. */
  readonly heardNames = new Set<string>();
  private underWay: Action[] = [];
  private untold: { pods: PodView[]; gone: GonePod[] } = { pods: [], gone: [] };
  private readonly late: Observation[] = [];

  constructor(warmTarget: number) {
    this.state = newState({
      pool: 'p',
      namespace: 'default',
      spec: exampleSpec({ warmTarget, maxPods }),
      upsertSearchAttributes: false,
    });
    this.allowedByTargets = warmTarget;
  }

  work(): void {
    const { actions } = plan({ state: this.state, nowMs: this.nowMs });
    this.state = begin(this.state, actions, this.nowMs);
    this.underWay.push(...actions);
    const again = plan({ state: this.state, nowMs: this.nowMs });
    assert.deepEqual(again.actions, [], 'a begun plan plans nothing again (L5)');
  }

  /** Carries one action out; with `isLost` its effect happens, but nobody hears of it. */
  carryOut(choice: number, isLost: boolean): void {
    const action = this.underWay.splice(choice % Math.max(1, this.underWay.length), 1)[0];
    if (action === undefined) return;
    const outcome = this.effect(action);
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

  touch(choice: number, what: 'ready' | 'claim' | 'delete' | 'fail'): void {
    const pod = [...this.pods.values()][choice % Math.max(1, this.pods.size)];
    if (pod === undefined) return;
    if (what === 'ready') this.write({ ...pod, ready: true });
    if (what === 'claim' && pod.ready && !pod.claimed && !pod.ended) {
      this.goneForCause += 1;
      this.write({ ...pod, claimed: true });
    }
    if (what === 'fail' && !pod.claimed && !pod.ended) {
      this.goneForCause += 1;
      this.write({ ...pod, ready: false, ended: true });
    }
    if (what === 'delete') {
      if (!pod.claimed && !pod.ended) this.goneForCause += 1;
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

  /** No more faults: everything is carried out and told, and time passes. */
  calm(): void {
    for (let round = 0; round < 60; round += 1) {
      this.nowMs += 61_000;
      this.work();
      while (this.underWay.length > 0) this.carryOut(0, false);
      for (const pod of this.pods.values()) if (!pod.ended) this.write({ ...pod, ready: true });
      this.tell(false);
      this.tellLate();
      this.snapshot();
    }
  }

  private hear(message: Observation): void {
    for (const { name } of [...message.pods, ...message.gone]) this.heardNames.add(name);
    this.state = observe(this.state, message, this.nowMs);
  }

  private settle(outcome: Outcome): void {
    if (outcome.kind === 'spawn' && 'pod' in outcome.result) this.heardNames.add(outcome.podName);
    this.state = settle(this.state, outcome, this.nowMs);
  }

  private write(pod: PodView): PodView {
    this.version += 1;
    const written = { ...pod, version: String(this.version) };
    this.pods.set(pod.name, written);
    this.untold.pods = [...this.untold.pods.filter(({ name }) => name !== pod.name), written];
    this.mostLive = Math.max(this.mostLive, this.pods.size);
    return written;
  }

  private remove({ name, uid }: PodView): void {
    this.version += 1;
    this.pods.delete(name);
    this.untold.pods = this.untold.pods.filter((other) => other.name !== name);
    this.untold.gone.push({ name, uid, version: String(this.version) });
  }

  private effect(action: Action): Outcome {
    switch (action.kind) {
      case 'spawn': {
        const { podName, uid } = action;
        const known = this.pods.get(podName);
        if (known === undefined && uid !== null) {
          return { kind: 'spawn', podName, result: { outcome: 'gone' } };
        }
        if (known?.ended) {
          this.remove(known);
          const pod = { ...known, terminating: true };
          const result = { outcome: 'failed', pod, reason: 'Error', message: 'ended' } as const;
          return { kind: 'spawn', podName, result };
        }
        const pod = this.write({ ...(known ?? this.create(podName)), ready: true });
        return { kind: 'spawn', podName, result: { outcome: 'ready', pod } };
      }
      case 'retire': {
        const { podName, uid, onlyIfNotReady } = action;
        const pod = this.pods.get(podName);
        if (pod?.uid !== uid) return { kind: 'retire', podName, result: { outcome: 'gone' } };
        if (pod.claimed)
          return { kind: 'retire', podName, result: { outcome: 'claimedMeanwhile', pod } };
        if (onlyIfNotReady && pod.ready) {
          return { kind: 'retire', podName, result: { outcome: 'readyMeanwhile', pod } };
        }
        this.remove(pod);
        return { kind: 'retire', podName, result: { outcome: 'deleted', pod } };
      }
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

  private create(name: string): PodView {
    assert.ok(!this.heardNames.has(name), `the name ${name} is used for a second pod`);
    this.created += 1;
    return examplePod({ name, uid: `u-${this.created}` });
  }
}

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

const choice = fc.nat({ max: 50 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('work' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('carryOut' as const), choice, isLost: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('touch' as const),
      choice,
      what: fc.constantFrom('ready' as const, 'claim' as const, 'delete' as const, 'fail' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('tell' as const), isHeldBack: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'tellLate' as const,
        'snapshot' as const,
        'die' as const,
        'continueAsNew' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('setTarget' as const), target: fc.nat({ max: 8 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(100, 5_000, 70_000),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function run(cluster: FaultyCluster, steps: Step[]): void {
  for (const next of steps) {
    switch (next.do) {
      case 'work':
        cluster.work();
        break;
      case 'carryOut':
        cluster.carryOut(next.choice, next.isLost);
        break;
      case 'touch':
        cluster.touch(next.choice, next.what);
        break;
      case 'tell':
        cluster.tell(next.isHeldBack);
        break;
      case 'setTarget':
        cluster.setTarget(next.target);
        break;
      case 'pass':
        cluster.nowMs += next.ms;
        break;
      case 'tellLate':
      case 'snapshot':
      case 'die':
      case 'continueAsNew':
        cluster[next.do]();
    }
    assert.ok(cluster.mostLive <= maxPods, `${cluster.mostLive} live pods exceed maxPods (P1)`);
  }
}

describe('the core on a faulty cluster', () => {
  it('creates no pod without cause and never exceeds maxPods (P1)', () => {
    fc.assert(
      fc.property(fc.nat({ max: 8 }), fc.array(step, { maxLength: 120 }), (target, steps) => {
        const cluster = new FaultyCluster(target);
        run(cluster, steps);
        const allowed = cluster.allowedByTargets + cluster.goneForCause;
        assert.ok(cluster.created <= allowed, `${cluster.created} created, ${allowed} allowed`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('converges to its target once the faults end', () => {
    fc.assert(
      fc.property(fc.nat({ max: 8 }), fc.array(step, { maxLength: 80 }), (target, steps) => {
        const cluster = new FaultyCluster(target);
        run(cluster, steps);
        cluster.calm();
        const { warm, pending, retiring, claimed } = countPhases(cluster.state);
        const room = maxPods - claimed;
        assert.equal(warm, Math.min(cluster.state.spec.warmTarget, room));
        assert.deepEqual({ pending, retiring }, { pending: 0, retiring: 0 });
        const live = [...cluster.pods.keys()].sort();
        assert.deepEqual(Object.keys(cluster.state.records).sort(), live);
      }),
      { numRuns: 300 },
    );
  });
});
