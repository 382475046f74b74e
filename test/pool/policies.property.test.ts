/** All policies at once: whatever happens to a pool, and whatever is asked of it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { takeDemand } from '../../src/pool/demand.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import {
  requestPause,
  requestResume,
  requestRetry,
  requestTarget,
} from '../../src/pool/requests.ts';
import { warmWanted } from '../../src/pool/plan-context.ts';
import { Play } from './play.ts';

const maxPods = 45;
const templates = ['good', 'better', 'bad', 'slow', 'evicted'];
const cappedReasons = new Set(['surplus', 'stale', 'aged', 'idle', 'cordoned', 'unready']);

const choice = fc.nat({ max: 50 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), s: fc.nat({ max: 90 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      template: fc.constantFrom(...templates),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('target' as const), target: fc.nat({ max: 40 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...(['claim', 'release', 'takeAway', 'crash', 'unready', 'ready'] as const),
        ...(['cordon', 'disrupt', 'fail'] as const),
      ),
      choice,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('pause' as const, 'resume' as const, 'retry' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('demand' as const), waiting: fc.nat({ max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('quota' as const), room: fc.nat({ max: 50 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function startPlay(rollout: { maxSurge: number; maxUnavailable: number }): Play {
  const play = new Play({
    ...{ warmTarget: 5, maxPods, maxPending: 100, unreadySeconds: 30, rollout },
    ...{ maxAgeSeconds: 900, maxIdleSeconds: 700, templateHash: 'good' },
  });
  play.starts = ({ templateHash }) =>
    templateHash === 'bad'
      ? 'fails'
      : templateHash === 'slow'
        ? 'waits'
        : templateHash === 'evicted'
          ? 'evicted'
          : 'ready';
  play.onRetire = (pod, reason) => judgeRetirement(play, pod, reason);
  return play;
}

/** Called before a retirement is carried out. */
function judgeRetirement(play: Play, pod: PodView, reason: string): void {
  assert.equal(pod.claimed, false, `${pod.name} is claimed (P3)`);
  const isWarm = pod.ready && pod.disrupted !== true && !pod.ended;
  if (!isWarm) return;
  // Its own record counts as retiring already.
  const floor = warmWanted(play.state) - play.state.spec.rollout.maxUnavailable;
  assert.ok(play.warm >= floor, `${play.warm} warm after ${reason} of ${pod.name}, floor ${floor}`);
}

function take(play: Play, next: Step): void {
  const pick =
    'choice' in next
      ? [...play.pods.values()][next.choice % Math.max(1, play.pods.size)]
      : undefined;
  switch (next.do) {
    case 'pass':
      play.pass(next.s * 1_000, 5_000);
      return;
    case 'apply':
      play.apply({ templateHash: next.template });
      return;
    case 'target':
      play.state = requestTarget(play.state, next.target, play.nowMs);
      return;
    case 'claim':
      play.claim();
      return;
    case 'release':
      if (pick?.claimed === true) play.takeAway(pick.name);
      return;
    case 'takeAway':
      if (pick) play.takeAway(pick.name);
      return;
    case 'crash':
      if (pick?.ready)
        play.touch(pick.name, {
          ready: false,
          reason: 'CrashLoopBackOff',
          readyChangedAtMs: play.nowMs,
        });
      return;
    case 'unready':
      if (pick?.ready)
        play.touch(pick.name, { ready: false, reason: 'NotReady', readyChangedAtMs: play.nowMs });
      return;
    case 'ready':
      if (pick && !pick.ready) play.touch(pick.name, { ready: true, readyChangedAtMs: play.nowMs });
      return;
    case 'cordon':
      if (pick) play.cordon(pick.name);
      return;
    case 'disrupt':
      if (pick) play.touch(pick.name, { disrupted: true });
      return;
    case 'fail':
      if (pick && !pick.ready && !pick.claimed) play.fail(pick.name);
      return;
    case 'pause':
      play.state = requestPause(play.state);
      return;
    case 'resume':
      play.state = requestResume(play.state);
      return;
    case 'retry':
      play.state = requestRetry(play.state);
      return;
    case 'demand': {
      const report = {
        replica: 'a',
        waiting: next.waiting,
        version: '999999',
        expiresAtMs: play.nowMs + 15_000,
      };
      play.state = takeDemand(play.state, report, play.nowMs);
      return;
    }
    case 'quota':
      play.quota = next.room;
  }
}

/** At most 30 capped deletions, or a quarter of the most pods there were, in any minute (P9). */
function judgeDeletions({ retired }: Play): void {
  const times = retired.filter(({ reason }) => cappedReasons.has(reason)).map(({ atMs }) => atMs);
  for (const [index, atMs] of times.entries()) {
    const inMinute = times.slice(index).filter((other) => other < atMs + 60_000).length;
    assert.ok(inMinute <= 30, `${inMinute} deletions in the minute from ${atMs}`);
  }
}

const rollouts = fc.constantFrom(
  { maxSurge: 1, maxUnavailable: 0 },
  { maxSurge: 0, maxUnavailable: 1 },
  { maxSurge: 3, maxUnavailable: 2 },
);

describe('a pool under everything at once', () => {
  it('keeps within maxPods, the warm floor and the deletion cap, and never retires a claimed pod (P1, P3, P9)', () => {
    fc.assert(
      fc.property(rollouts, fc.array(step, { maxLength: 60 }), (rollout, steps) => {
        const play = startPlay(rollout);
        for (const next of steps) take(play, next);
        assert.ok(play.mostLive <= maxPods, `${play.mostLive} live`);
        judgeDeletions(play);
      }),
      { numRuns: 200 },
    );
  });

  it('gets full of the latest template once all is well, and then stays quiet (L5)', () => {
    fc.assert(
      fc.property(rollouts, fc.array(step, { maxLength: 40 }), (rollout, steps) => {
        const play = startPlay(rollout);
        for (const next of steps) take(play, next);
        play.quota = Infinity;
        play.state = requestResume(play.state);
        for (const { name, claimed } of [...play.pods.values()]) if (claimed) play.takeAway(name);
        play.apply({ templateHash: 'best', maxAgeSeconds: 0, maxIdleSeconds: 0 });
        play.pass(3_600_000, 10_000);
        const { warmTarget } = play.state.spec;
        assert.equal(play.warm, warmTarget);
        assert.equal(play.pods.size, warmTarget);
        for (const pod of play.pods.values()) assert.equal(pod.templateHash, 'best');
        const before = [play.created, play.retired.length];
        play.pass(3_600_000, 10_000);
        assert.deepEqual([play.created, play.retired.length], before, 'quiet');
      }),
      { numRuns: 100 },
    );
  });
});
