/** What a pool does about failures, disturbances, rollouts, age, flapping targets and mistakes. */
import assert from 'node:assert/strict';
import type { Action, Outcome } from '../../src/pool/actions.ts';
import { begin } from '../../src/pool/begin.ts';
import { breakerOf } from '../../src/pool/failures.ts';
import { observe } from '../../src/pool/observe.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import type { PoolSpec } from '../../src/pool/pool-spec.ts';
import { requestDrain, requestRetry, requestSpec, requestTarget } from '../../src/pool/requests.ts';
import { settle } from '../../src/pool/settle.ts';
import { conditionOf, statusOf } from '../../src/pool/status.ts';
import { countPhases, type PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleState } from './examples.ts';

const cluster = 'c1';

/** A pool on a cluster that does at once what is planned; pods start well, fail or wait as told. */
class Play {
  state: PoolState;
  nowMs = 0;
  created = 0;
  retired: { podName: string; reason: string; atMs: number }[] = [];
  leastWarm = Infinity;
  mostLive = 0;
  readonly pods = new Map<string, PodView>();
  private version = 100;
  /** What becomes of a pod of a template. */
  starts: (pod: PodView) => 'ready' | 'fails' | 'waits' = () => 'ready';

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
        const { podName, reason } = action;
        const pod = this.pods.get(podName);
        if (pod !== undefined) {
          this.retired.push({ podName, reason, atMs: this.nowMs });
          const result = { outcome: 'deleted', pod } as const;
          this.state = settle(this.state, { kind: 'retire', podName, result }, this.nowMs);
          this.remove(pod);
        }
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

  private spawn(podName: string, templateHash: string): void {
    let pod = this.pods.get(podName);
    if (pod === undefined) {
      this.created += 1;
      const uid = `${this.created * 7_919}-u`;
      pod = this.write(examplePod({ name: podName, uid, templateHash, createdAtMs: this.nowMs }));
    }
    this.mostLive = Math.max(this.mostLive, this.pods.size);
    const how = this.starts(pod);
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
    const reason = 'ImagePullBackOff';
    const failed = { ...pod, terminating: true };
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

describe('a template that does not start', () => {
  // A fleet with a wrong image name once made 1.27 million pods in 25 hours.
  it('costs at most target + 12 creations in an hour, and says why (P10)', () => {
    const play = new Play({ warmTarget: 0 });
    play.starts = () => 'fails';
    play.apply({ warmTarget: 6 });
    play.pass(3_600_000);
    assert.ok(play.created <= 6 + 12, `${play.created} created`);
    assert.ok(play.created >= 6 + 6, `${play.created} created: probes go on`);
    const { phase, why } = conditionOf(play.state);
    assert.equal(phase, 'Degraded');
    assert.match(why, /template abc do not start: ImagePullBackOff: Back-off pulling \(failed/);
    assert.equal(statusOf({ state: play.state, nowMs: play.nowMs }).failures.breaker, 'open');
  });

  it('closes the breaker with the first good probe, then starts 1, 2, 4, … at once (F5)', () => {
    const play = new Play({ warmTarget: 0 });
    play.starts = () => 'fails';
    play.apply({ warmTarget: 20, maxPods: 50 });
    play.pass(600_000);
    const before = play.created;
    const started: number[] = [];
    play.starts = (pod) => {
      started.push(pod.createdAtMs);
      return 'ready';
    };
    play.pass(600_000);
    assert.equal(play.warm, 20);
    assert.equal(play.created - before, 20);
    assert.equal(breakerOf(play.state.failures, 0), 'closed');
    assert.equal(conditionOf(play.state).phase, 'Steady');
  });

  it('is tried again at once on request, and a new template starts clean (F1)', () => {
    const play = new Play({ warmTarget: 0 });
    play.starts = ({ templateHash }) => (templateHash === 'abc' ? 'fails' : 'ready');
    play.apply({ warmTarget: 2 });
    play.pass(900_000);
    const before = play.created;
    play.state = requestRetry(play.state);
    play.pass(1_000);
    assert.ok(play.created > before);
    play.apply({ templateHash: 'good' });
    play.pass(2_000);
    assert.equal(play.warm, 2);
  });

  it('charges nothing to the new template that fails of the old one (F1)', () => {
    const play = new Play({ warmTarget: 2 });
    play.apply({ templateHash: 'new' });
    const outcome = { outcome: 'refused', reason: 'invalid', message: 'x' } as const;
    const late = begin(
      play.state,
      [{ kind: 'spawn', podName: 'p-zz', templateHash: 'abc', uid: null }],
      play.nowMs,
    );
    const after = settle(late, { kind: 'spawn', podName: 'p-zz', result: outcome }, play.nowMs);
    assert.equal(after.failures.consecutive, 0);
  });

  it('that crashes after it was Ready is held back as well (F4)', () => {
    const play = new Play({ warmTarget: 3, unreadySeconds: 5 });
    for (let seconds = 0; seconds < 3_600; seconds += 10) {
      for (const pod of play.pods.values()) {
        if (pod.ready) play.touch(pod.name, { ready: false, reason: 'CrashLoopBackOff' });
      }
      play.pass(10_000);
    }
    assert.ok(play.created <= 3 + 12, `${play.created} created`);
    assert.equal(conditionOf(play.state).phase, 'Degraded');
  });
});

describe('pods that are taken away', () => {
  it('are replaced at once, then more and more slowly, and not charged', () => {
    const play = new Play({ warmTarget: 2 });
    for (let second = 0; second < 600; second += 1) {
      const [first] = play.pods.keys();
      if (first !== undefined) play.takeAway(first);
      play.pass(1_000);
    }
    assert.ok(play.created < 40, `${play.created} created in 10 minutes`);
    assert.equal(play.state.failures.consecutive, 0);
    assert.ok(play.state.disturbances.count >= 10);
    play.pass(180_000);
    const before = play.created;
    play.takeAway([...play.pods.keys()][0] ?? '');
    play.pass(1_000);
    assert.equal(play.created - before, 1, 'calm again: replaced at once');
  });

  it('are unlisted at once when they are marked for disruption, and replaced', () => {
    const play = new Play({ warmTarget: 2 });
    const [name = ''] = play.pods.keys();
    play.touch(name, { disrupted: true, reason: 'EvictionByEvictionAPI' });
    assert.equal(play.warm, 1);
    play.pass(1_000);
    assert.equal(play.warm, 2);
    assert.deepEqual(
      play.retired.map(({ reason }) => reason),
      ['disrupted'],
    );
  });
});

describe('a rollout', () => {
  it('replaces with surge: the warm count never falls below the target (U1)', () => {
    const play = new Play({ warmTarget: 5, maxPods: 20 });
    play.leastWarm = Infinity;
    play.mostLive = 0;
    play.apply({ templateHash: 'new' });
    play.pass(30_000);
    assert.equal(play.leastWarm, 5);
    assert.ok(play.mostLive <= 6, `${play.mostLive} live`);
    assert.ok([...play.pods.values()].every(({ templateHash }) => templateHash === 'new'));
    assert.equal(play.pods.size, 5);
    assert.equal(play.created, 10);
  });

  it('without surge goes at most maxUnavailable below the target, within maxPods (P1)', () => {
    const play = new Play({
      ...{ warmTarget: 5, maxPods: 5 },
      rollout: { maxSurge: 0, maxUnavailable: 2 },
    });
    play.leastWarm = Infinity;
    play.apply({ templateHash: 'new' });
    play.pass(30_000);
    assert.ok([...play.pods.values()].every(({ templateHash }) => templateHash === 'new'));
    assert.ok(play.mostLive <= 5);
  });

  it('leaves claimed pods until they are released', () => {
    const play = new Play({ warmTarget: 2 });
    const [name = ''] = play.pods.keys();
    play.touch(name, { claimed: true });
    play.apply({ templateHash: 'new' });
    play.pass(30_000);
    assert.equal(play.pods.get(name)?.templateHash, 'abc');
    assert.ok(play.retired.every(({ podName }) => podName !== name));
  });

  it('whose template does not start stops with the old pods serving (U2)', () => {
    const play = new Play({ warmTarget: 4 });
    play.starts = ({ templateHash }) => (templateHash === 'bad' ? 'fails' : 'ready');
    play.leastWarm = Infinity;
    play.apply({ templateHash: 'bad' });
    play.pass(3_600_000);
    assert.equal(play.leastWarm, 4);
    assert.equal(conditionOf(play.state).phase, 'Degraded');
    assert.ok(play.created <= 4 + 12);
    play.apply({ templateHash: 'abc' });
    play.pass(10_000);
    assert.equal(conditionOf(play.state).phase, 'Steady');
    assert.equal(play.retired.length, 0);
  });
});

describe('age', () => {
  it('replaces pods by their age, spread over time and never below the target (U3)', () => {
    const play = new Play({ warmTarget: 5, maxAgeSeconds: 1_000 });
    play.leastWarm = Infinity;
    play.pass(1_010_000);
    assert.equal(play.leastWarm, 5);
    assert.equal(play.retired.length, 5);
    assert.ok(play.retired.every(({ reason }) => reason === 'aged'));
    assert.ok(new Set(play.retired.map(({ atMs }) => atMs)).size >= 4);
  });

  it('replaces pods that were warm for too long', () => {
    const play = new Play({ warmTarget: 2, maxIdleSeconds: 100 });
    play.pass(101_000);
    assert.deepEqual(
      play.retired.map(({ reason }) => reason),
      ['idle', 'idle'],
    );
    assert.equal(play.warm, 2);
  });

  it('replaces pods on cordoned nodes first, before they go', () => {
    const play = new Play({ warmTarget: 3 });
    play.apply({ templateHash: 'new' });
    const last = [...play.pods.keys()].at(-1) ?? '';
    play.touch(last, { cordoned: true });
    play.pass(1_000);
    assert.equal(play.retired[0]?.podName, last);
  });
});

describe('mistakes', () => {
  it('end at most 30 pods of a small pool a minute, a quarter of a large one', () => {
    const play = new Play({ warmTarget: 200, maxPods: 400, maxPending: 400 });
    play.pass(5_000);
    assert.equal(play.warm, 200);
    play.state = requestTarget(play.state, 0, play.nowMs);
    play.pass(59_000);
    assert.equal(play.retired.length, 50);
    play.pass(600_000);
    assert.equal(play.pods.size, 0);
  });

  it('of a target that flaps churn pods once, not every minute', () => {
    const play = new Play({ warmTarget: 5 });
    for (let minute = 0; minute < 30; minute += 1) {
      play.state = requestTarget(play.state, minute % 2 === 0 ? 10 : 5, play.nowMs);
      play.pass(60_000);
    }
    assert.ok(play.created <= 5 + 5 + 5, `${play.created} created`);
    play.pass(400_000);
    assert.equal(play.warm, 5);
  });
});

describe('a drain', () => {
  it('waits for claims, and past its deadline leaves them to their holders (P3)', () => {
    const play = new Play({ warmTarget: 2, claim: { leaseSeconds: 0, maxLeaseSeconds: 0 } });
    const [name = ''] = play.pods.keys();
    play.touch(name, { claimed: true });
    play.state = requestDrain(play.state, { deadlineSeconds: 60 }, play.nowMs);
    play.pass(10_000);
    assert.deepEqual([...play.pods.keys()], [name]);
    assert.equal(conditionOf(play.state).phase, 'Draining');
    assert.equal(plan({ state: play.state, nowMs: play.nowMs }).wakeAtMs, 61_000);
    play.state = { ...play.state, drainIsOver: true };
    assert.equal(conditionOf(play.state).phase, 'Drained');
    assert.match(conditionOf(play.state).why, /1 claimed pods are left/);
  });

  it('refuses a deadline that is none, visibly', () => {
    const state = requestDrain(exampleState(), { deadlineSeconds: -1 }, 5);
    assert.equal(state.draining, false);
    assert.match(state.lastRefusal?.message ?? '', /`deadlineSeconds`.*got -1/);
  });
});
