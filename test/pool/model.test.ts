/** The core against the model of a faulty cluster. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countPhases } from '../../src/pool/state.ts';
import { FaultyCluster, type Touch } from './faulty-cluster.ts';

const maxPods = 12;

const choice = fc.nat({ max: 50 });
const touches: Touch[] = ['ready', 'unready', 'claim', 'delete', 'fail'];

/** What may happen next, the usual more often than the rare. */
const ordinary = [
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
      what: fc.constantFrom(...touches),
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
];
const restores = [
  { weight: 1, arbitrary: fc.record({ do: fc.constant('backUp' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('setBack' as const) }) },
];
const step = fc.oneof(...ordinary);
const stepOrRestore = fc.oneof(...ordinary, ...restores);

type Step = typeof stepOrRestore extends fc.Arbitrary<infer T> ? T : never;

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
      case 'backUp':
      case 'setBack':
        cluster[next.do]();
    }
    assert.ok(cluster.mostLive <= maxPods, `${cluster.mostLive} live pods exceed maxPods (P1)`);
  }
}

function assertCause(cluster: FaultyCluster): void {
  const { created, allowedByTargets, goneForCause, secondPods, lostCreates } = cluster;
  const allowed = allowedByTargets + goneForCause + secondPods;
  assert.ok(created <= allowed, `${created} created, ${allowed} allowed (P1)`);
  assert.ok(secondPods <= lostCreates, `${secondPods} second pods, ${lostCreates} lost replies`);
}

function assertConverges(cluster: FaultyCluster): void {
  cluster.calm();
  const { warm, pending, retiring, unready, claimed } = countPhases(cluster.state);
  const room = maxPods - claimed;
  assert.equal(warm, Math.min(cluster.state.spec.warmTarget, room));
  assert.deepEqual({ pending, retiring, unready }, { pending: 0, retiring: 0, unready: 0 });
  const live = [...cluster.pods.keys()].sort();
  assert.deepEqual(Object.keys(cluster.state.records).sort(), live);
}

// Runs that 0.1.0 has started go on under its rules until they continue as new.
const worlds = fc.record({ warmTarget: fc.nat({ max: 8 }), rules: fc.constantFrom(1, 2) });
const schedules = (steps: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> =>
  fc.array(steps, { maxLength: 150, size: 'max' });

for (const [world, steps] of [
  ['a faulty cluster', schedules(step)],
  ['a cluster that is set back to its backups', schedules(stepOrRestore)],
] as const) {
  describe(`the core on ${world}`, function () {
    this.timeout(60_000);

    it('creates no pod without cause and never exceeds maxPods (P1)', () => {
      fc.assert(
        fc.property(worlds, steps, (options, schedule) => {
          const cluster = new FaultyCluster({ ...options, maxPods });
          run(cluster, schedule);
          assertCause(cluster);
        }),
        { numRuns: 1_000 },
      );
    });

    it('converges to its target once the faults end, still with cause', () => {
      fc.assert(
        fc.property(worlds, steps, (options, schedule) => {
          const cluster = new FaultyCluster({ ...options, maxPods });
          run(cluster, schedule);
          assertConverges(cluster);
          assertCause(cluster);
        }),
        { numRuns: 300 },
      );
    });
  });
}
