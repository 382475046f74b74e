/** What a pool does about failures, disturbances, rollouts, age, flapping targets and mistakes. */
import assert from 'node:assert/strict';
import { begin } from '../../src/pool/begin.ts';
import { breakerOf } from '../../src/pool/failures.ts';
import { plan } from '../../src/pool/plan.ts';
import { requestDrain, requestRetry, requestTarget } from '../../src/pool/requests.ts';
import { settle } from '../../src/pool/settle.ts';
import { conditionOf, statusOf } from '../../src/pool/status.ts';
import { timeOfDay } from '../../src/pool/time-of.ts';
import { exampleState } from './examples.ts';
import { Play } from './play.ts';

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

  it('waits as long as its settings say (F3)', () => {
    const play = new Play({ warmTarget: 0 });
    play.starts = () => 'fails';
    const failure = { backOffSeconds: 2, probeSeconds: 10, maxProbeSeconds: 30 };
    play.apply({ warmTarget: 6, failure });
    const createdAfter = [1_000, 2_000, 4_000, 10_000, 20_000, 30_000, 30_000].map((ms) => {
      play.pass(ms);
      return play.created;
    });
    assert.deepEqual(createdAfter, [6, 7, 8, 9, 10, 11, 12]);
  });

  it('that crashes once an hour, after each probe, is not forgiven between probes (F4)', () => {
    const failure = { backOffSeconds: 10, probeSeconds: 3_600, maxProbeSeconds: 3_600 };
    const play = new Play({ warmTarget: 1, maxPods: 5, failure });
    const crashAll = (): void => {
      for (const { name } of [...play.pods.values()].filter(({ ended }) => !ended)) {
        play.touch(name, { ready: false, ended: true, reason: 'Error' });
      }
    };
    for (let round = 0; round < 3; round += 1) {
      crashAll();
      play.pass(60_000);
    }
    assert.equal(breakerOf(play.state.failures, 0), 'open');
    play.pass(3_600_000);
    assert.equal(play.warm, 1);
    assert.equal(breakerOf(play.state.failures, 0), 'open');
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

describe('a pool that was Degraded', () => {
  // One crash of a pool of one made it Degraded for good: its replacement was Ready before the crash
  // was a quarter of an hour old, and no other pod was ever started.
  it('is well again once it has been full for a quarter of an hour', () => {
    const play = new Play({ warmTarget: 1, unreadySeconds: 5, maxAgeSeconds: 1_200 });
    const [name = ''] = play.pods.keys();
    play.touch(name, { ready: false, ended: true, reason: 'OOMKilled' });
    play.pass(60_000);
    assert.equal(play.warm, 1);
    assert.equal(conditionOf(play.state).phase, 'Degraded');
    play.pass(900_000);
    assert.equal(conditionOf(play.state).phase, 'Steady');
    play.pass(900_000);
    assert.ok(play.retired.some(({ reason }) => reason === 'aged'));
  });

  // Found by chaos: the crash of one pod of many held a pool under claims at one new pod in five minutes.
  it('refills at once after one crash when another pod has been Ready for long (F4)', () => {
    const play = new Play({ warmTarget: 5 });
    play.pass(400_000);
    const [crashed = '', ...others] = play.pods.keys();
    play.touch(crashed, { ready: false, ended: true, reason: 'Error' });
    for (const name of others.slice(1)) play.touch(name, { claimed: true });
    play.pass(30_000);
    assert.equal(play.warm, 5);
    assert.equal(play.state.failures.rounds, 1);
  });

  it('believes no older pod any more once newer ones have crashed three times (F3, F4)', () => {
    const play = new Play({ warmTarget: 5 });
    play.pass(400_000);
    const old = new Set(play.pods.keys());
    for (let round = 0; round < 30; round += 1) {
      const newest = [...play.pods.values()].filter(({ name }) => !old.has(name));
      const victims = round === 0 ? [...play.pods.values()].slice(0, 1) : newest;
      for (const { name } of victims) {
        play.touch(name, { ready: false, ended: true, reason: 'Error' });
      }
      play.pass(20_000);
    }
    assert.equal(breakerOf(play.state.failures, 0), 'open');
    assert.ok(play.created <= 5 + 6, `${play.created} created in ten minutes`);
  });

  it('tells rounds apart although stragglers of an earlier one fail between them (F2)', () => {
    const play = new Play({ warmTarget: 2, unreadySeconds: 30 });
    const [first = '', straggler = ''] = play.pods.keys();
    play.touch(straggler, { ready: false, reason: 'CrashLoopBackOff' });
    play.touch(first, { ready: false, ended: true, reason: 'Error' });
    play.pass(15_000);
    const probe = [...play.pods.keys()].at(-1) ?? '';
    assert.notEqual(probe, straggler);
    play.pass(20_000);
    assert.ok(!play.pods.has(straggler));
    assert.equal(play.state.failures.rounds, 1);
    play.touch(probe, { ready: false, ended: true, reason: 'Error' });
    play.pass(1_000);
    assert.equal(play.state.failures.rounds, 2);
  });
});

describe('a quota that is used up', () => {
  it('is charged to no template, asked for once a minute at last, and shown', () => {
    const play = new Play({ warmTarget: 0 });
    play.quota = 2;
    play.apply({ warmTarget: 20, maxPods: 50 });
    play.pass(3_600_000);
    assert.equal(play.warm, 2);
    assert.equal(play.state.failures.rounds, 0);
    assert.ok(play.refused < 90, `${play.refused} refused in an hour`);
    const { phase, why } = conditionOf(play.state);
    assert.equal(phase, 'Degraded');
    assert.match(why, /exceeded quota: q/);
    play.quota = 100;
    play.pass(70_000);
    assert.equal(play.warm, 20);
    assert.equal(conditionOf(play.state).phase, 'Steady');
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

  it('are not charged when they are evicted before they were Ready', () => {
    const play = new Play({ warmTarget: 0 });
    play.starts = () => 'evicted';
    play.apply({ warmTarget: 2 });
    play.pass(600_000);
    assert.equal(play.state.failures.rounds, 0);
    assert.ok(play.created < 40, `${play.created} created in 10 minutes`);
  });

  it('are replaced ever more slowly, too, when they go before they were ever read', () => {
    const play = new Play({ warmTarget: 0 });
    play.starts = () => 'vanishes';
    play.apply({ warmTarget: 2 });
    play.pass(600_000);
    assert.ok(play.created < 40, `${play.created} created in 10 minutes`);
    assert.equal(play.state.disturbances.count, play.created);
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

  // A pool was told to delete a stale pod, counted it as gone at once and started the next replacement;
  // with deletes that hung three stale pods and three new ones lived side by side.
  it('starts no replacement beyond the surge while deletes hang (U1)', () => {
    const play = new Play({ warmTarget: 3, maxPods: 20 });
    play.deletesHang = true;
    play.mostLive = 0;
    play.apply({ templateHash: 'new' });
    play.pass(30_000);
    assert.equal(play.mostLive, 4);
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
    play.cordon(last);
    play.pass(1_000);
    assert.equal(play.retired[0]?.podName, last);
  });
});

describe('mistakes', () => {
  it('of judgement replace two pods a minute of a small pool that all stop being Ready', () => {
    const play = new Play({ warmTarget: 6, unreadySeconds: 60 });
    for (const name of play.pods.keys()) play.touch(name, { ready: false, reason: 'NotReady' });
    play.pass(62_000);
    assert.equal(play.retired.length, 2);
    for (const { name, ready } of play.pods.values()) if (!ready) play.touch(name, { ready: true });
    play.pass(300_000);
    assert.equal(play.retired.length, 2, 'the others came back in time');
    assert.equal(play.warm, 6);
  });

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

  // Chaos took such a pool for stuck: it said "4 of 1 pods are warm." for five minutes, and nothing else.
  it('of a target that flaps says until when it keeps what is too much', () => {
    const play = new Play({ warmTarget: 3 });
    for (const target of [0, 5, 1]) {
      play.state = requestTarget(play.state, target, play.nowMs);
      play.pass(10_000);
    }
    assert.equal(play.warm, 5);
    const { phase, why } = conditionOf(play.state);
    assert.equal(phase, 'Steady');
    const until = timeOfDay(play.state.flapping.heldUntilMs);
    assert.match(why, /^5 of 1 pods are warm, .* goes back and forth, .* kept until/);
    assert.ok(why.endsWith(`kept until ${until}.`), why);
    play.pass(300_000);
    assert.equal(conditionOf(play.state).why, '1 of 1 pods are warm.');
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
