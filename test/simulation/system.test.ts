/**
 * The whole system on virtual time: the pool's core, replicas that claim, and a cluster that fails. A
 * schedule says in which order everything happens; a failing one is made as short as it goes.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { demandOf } from '../../src/pool/demand.ts';
import { countPhases } from '../../src/pool/state.ts';
import type { DemandReport } from '../../src/pool/demand.ts';
import { LoggedCluster } from './logged-cluster.ts';
import { SimulatedReplica } from './simulated-replica.ts';

const maxPods = 12;
const replicaNames = ['a', 'b', 'c'];

/** Rounds of calm: the longest back-off is 10 minutes, and time passes by 61 s a round. */
const calmRounds = 60;

/**
 * Schedules a run plays, always the same: `PILOTLIGHT_SCHEDULES=100000 PILOTLIGHT_SEED=2` explores others,
 * some 50,000 a minute. One in some thousands finds what is accepted and written down: a pool at its limit
 * with a second pod of a name (ADR 8), and a claim counted for the wrong replica until its next report
 * (ADR 12).
 */
const runs = Number(process.env['PILOTLIGHT_SCHEDULES'] ?? 1_000);
const seed = Number(process.env['PILOTLIGHT_SEED'] ?? 1);

/** As in the product. */
const refreshMs = 5_000;

const choice = fc.nat({ max: 50 });
const at = fc.nat({ max: replicaNames.length - 1 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('work' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('carryOut' as const), choice, isLost: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('enter' as const), at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('see' as const), at, count: choice }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('write' as const, 'answer' as const), at, choice }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('report' as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('deliver' as const, 'loseReport' as const), at }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('tell' as const), isHeldBack: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), choice }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('giveUp' as const), at, choice }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('touch' as const),
      choice,
      what: fc.constantFrom('delete' as const, 'fail' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('tellLate' as const, 'snapshot' as const, 'die' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('continueAsNew' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(100, 5_000, 40_000),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Everything, with the reports that are on their way: a replica sends the next when it has an answer. */
class System {
  readonly cluster: LoggedCluster;
  readonly replicas: SimulatedReplica[];
  readonly #reports = new Map<SimulatedReplica, DemandReport>();

  constructor(warmTarget: number) {
    this.cluster = new LoggedCluster({ warmTarget, maxPods, rules: 2 });
    this.replicas = replicaNames.map((name) => new SimulatedReplica(name, this.cluster));
  }

  get entered(): number {
    return this.replicas.reduce((sum, { entered }) => sum + entered, 0);
  }

  play(next: Step): void {
    const replica = 'at' in next ? this.replicas[next.at] : undefined;
    switch (next.do) {
      case 'carryOut':
        this.cluster.carryOut(next.choice, next.isLost);
        return;
      case 'enter':
        replica?.enter();
        return;
      case 'see':
        replica?.see(next.count);
        return;
      case 'write':
      case 'answer':
        replica?.[next.do](next.choice);
        return;
      case 'giveUp':
        replica?.giveUp(next.choice);
        return;
      case 'report':
        if (replica !== undefined && !this.#reports.has(replica)) this.#report(replica);
        return;
      case 'deliver':
        if (replica !== undefined) this.#deliver(replica);
        return;
      case 'loseReport':
        if (replica !== undefined) this.#reports.delete(replica);
        return;
      case 'touch':
        this.cluster.touch(next.choice, next.what);
        return;
      case 'tell':
        this.cluster.tell(next.isHeldBack);
        return;
      case 'release':
        this.cluster.release(next.choice, this.#reports.size > 0);
        return;
      case 'pass':
        this.#pass(next.ms);
        return;
      case 'work':
      case 'tellLate':
      case 'snapshot':
      case 'die':
      case 'continueAsNew':
        this.cluster[next.do]();
    }
  }

  /** No more faults: everything arrives, and every pod that is held is given back. */
  calm(): void {
    for (let round = 0; round < calmRounds; round += 1) {
      this.#pass(61_000);
      for (const replica of this.replicas) replica.settle();
      this.cluster.snapshot();
      for (const replica of this.replicas) {
        replica.settle();
        this.#report(replica);
        this.#deliver(replica);
      }
      for (let held = this.cluster.pods.size; held > 0; held -= 1) this.cluster.release(0, false);
      this.cluster.settleAll(0);
    }
  }

  /** A replica repeats its report every 5 s, also one that was given up on. */
  #pass(ms: number): void {
    for (let leftMs = ms; leftMs > 0; leftMs -= refreshMs) {
      this.cluster.passTime(Math.min(leftMs, refreshMs));
      if (leftMs < refreshMs) return;
      for (const replica of this.replicas) {
        this.#report(replica);
        this.#deliver(replica);
      }
    }
  }

  #report(replica: SimulatedReplica): void {
    this.#reports.set(replica, replica.report());
  }

  #deliver(replica: SimulatedReplica): void {
    const report = this.#reports.get(replica);
    this.#reports.delete(replica);
    if (report !== undefined) this.cluster.takeReport(report);
  }
}

describe('the whole system on virtual time', function () {
  this.timeout(Math.max(120_000, runs * 10));

  const schedules = fc.array(step, { maxLength: 200, size: 'max' });
  const targets = fc.nat({ max: 6 });

  const play = (warmTarget: number, schedule: Step[]): System => {
    const system = new System(warmTarget);
    for (const next of schedule) {
      system.play(next);
      assert.ok(system.cluster.mostLive <= maxPods, 'no more than maxPods are live (P1)');
    }
    return system;
  };
  const assertCause = ({ cluster, entered }: System): void => {
    const { created, allowedByTargets, goneForCause, secondPods, goneUnseen } = cluster;
    const allowed = allowedByTargets + goneForCause + secondPods + entered + goneUnseen;
    assert.ok(created <= allowed, `${created} created, ${allowed} allowed (P1)`);
  };
  const assertOnePodEach = ({ replicas }: System): void => {
    const served = replicas.flatMap((replica) => replica.served);
    assert.equal(new Set(served).size, served.length, 'no pod has two claims (P2)');
  };

  it('creates a pod for the target, for each claim and for each that was lost, and no more (P1, P2)', () => {
    fc.assert(
      fc.property(targets, schedules, (warmTarget, schedule) => {
        const system = play(warmTarget, schedule);
        assertCause(system);
        assertOnePodEach(system);
      }),
      { numRuns: runs, seed },
    );
  });

  it('serves everybody who waits once the faults end, and is at its target then (P1, P2)', () => {
    fc.assert(
      fc.property(targets, schedules, (warmTarget, schedule) => {
        const system = play(warmTarget, schedule);
        system.calm();
        assert.deepEqual(
          system.replicas.map(({ size }) => size),
          [0, 0, 0],
        );
        assert.equal(demandOf(system.cluster.state), 0);
        const { warm, claimed, pending } = countPhases(system.cluster.state);
        assert.deepEqual({ warm, claimed, pending }, { warm: warmTarget, claimed: 0, pending: 0 });
        assertCause(system);
        assertOnePodEach(system);
      }),
      { numRuns: Math.ceil(runs / 3), seed },
    );
  });
});
