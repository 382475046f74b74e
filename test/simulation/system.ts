/** The pool's core, three replicas that claim and a cluster that fails, on virtual time, step by step. */
import fc from 'fast-check';
import type { DemandReport } from '../../src/pool/demand.ts';
import { LoggedCluster } from './logged-cluster.ts';
import { SimulatedReplica } from './simulated-replica.ts';

export const maxPods = 12;
const replicaNames = ['a', 'b', 'c'];

/** Rounds of calm: the longest back-off is 10 minutes, and time passes by 61 s a round. */
const calmRounds = 60;

/** As in the product. */
const refreshMs = 5_000;

const choice = fc.nat({ max: 50 });
const at = fc.nat({ max: replicaNames.length - 1 });
/** One thing that happens; a schedule is a list of them. */
export const step = fc.oneof(
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

export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Everything, with the reports that are on their way: a replica sends the next when it has an answer. */
export class System {
  readonly cluster: LoggedCluster;
  readonly replicas: SimulatedReplica[];
  readonly #reports = new Map<SimulatedReplica, DemandReport>();

  constructor(warmTarget: number) {
    this.cluster = new LoggedCluster({ warmTarget, maxPods, rules: 3 });
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
