/**
 * An API replica on virtual time: the product's own line and its own demand, over a watch that lags, and
 * patches whose writes and answers come when the schedule says.
 */
import { newAttempt } from '../../src/claims/claim-steps.ts';
import { PoolLine } from '../../src/claims/pool-line.ts';
import { WaitingClaim } from '../../src/claims/waiting-claim.ts';
import type { KnownPod } from '../../src/kubernetes/known-pod.ts';
import type { DemandReport } from '../../src/pool/demand.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { noSpan } from '../../src/tracing/span.ts';
import type { LoggedCluster } from './logged-cluster.ts';

/** As long as a real report counts. */
const reportLastsMs = 15_000;

interface Attempt {
  claim: WaitingClaim;
  candidate: KnownPod;
  /** What came of the write; undefined until it has arrived. */
  written?: PodView | null;
}

/** One replica. */
export class SimulatedReplica {
  /** uids of the pods that its claims got, in the order of the answers. */
  readonly served: string[] = [];
  /** Claims that came. */
  entered = 0;
  readonly #name: string;
  readonly #cluster: LoggedCluster;
  readonly #cache = new Map<string, PodView>();
  readonly #aside = new Set<string>();
  readonly #line: PoolLine;
  #attempts: Attempt[] = [];
  #cursor = 0;
  #version = '100';

  constructor(name: string, cluster: LoggedCluster) {
    this.#name = name;
    this.#cluster = cluster;
    this.#line = new PoolLine({
      take: () => this.#take(),
      tryOut: (claim, candidate) => {
        if (candidate !== null) this.#attempts.push({ claim, candidate });
      },
      isTaken: ({ view }) => this.#cache.get(view.name)?.claimed === true,
      onChange: () => undefined,
    });
  }

  get size(): number {
    return this.#line.size;
  }

  enter(): void {
    this.entered += 1;
    const claimId = `${this.#name}-${this.entered}`;
    const claim: WaitingClaim = new WaitingClaim({
      known: newAttempt({ claimId, pool: 'p', isNamed: false }),
      request: { pool: 'p', waitSeconds: 60 },
      leaseSeconds: null,
      key: claimId,
      span: noSpan,
      miss: () => {
        throw new Error('nobody waits by a clock here');
      },
      onForsaken: () => undefined,
    });
    this.#line.enter(claim, false);
  }

  /** The watch tells some changes more. */
  see(count: number): void {
    for (const { version, pod, isGone } of this.#cluster.log.slice(this.#cursor).slice(0, count)) {
      this.#cursor += 1;
      this.#version = String(version);
      if (isGone) this.#cache.delete(pod.name);
      else this.#cache.set(pod.name, pod);
      this.#line.serve();
    }
  }

  /** A patch arrives at the API server. */
  write(choice: number): void {
    const unwritten = this.#attempts.filter(({ written }) => written === undefined);
    const attempt = unwritten[choice % Math.max(1, unwritten.length)];
    if (attempt !== undefined) attempt.written = this.#cluster.claim(attempt.candidate.view);
  }

  /** The answer of a patch arrives here. */
  answer(choice: number): void {
    const written = this.#attempts.filter((attempt) => attempt.written !== undefined);
    const attempt = written[choice % Math.max(1, written.length)];
    if (attempt === undefined) return;
    const { claim, candidate, written: pod } = attempt;
    this.#attempts = this.#attempts.filter((other) => other !== attempt);
    if (pod) {
      this.served.push(pod.uid);
      this.#cluster.answered.add(pod.uid);
      if (claim.parkedAtMs !== null) this.#line.noteServed(pod.version);
      claim.forget();
      this.#line.leave(claim);
    } else {
      // Passed over until the watch has the pod as it is now.
      const known = this.#cache.get(candidate.view.name);
      if (known?.version === candidate.view.version) this.#cache.delete(known.name);
      this.#line.park(claim);
    }
    this.#aside.delete(candidate.view.uid);
    this.#line.serve();
  }

  /** Everything arrives: the watch, patches and their answers. */
  settle(): void {
    this.see(Infinity);
    // Each attempt takes a pod or passes one over, so they end.
    while (this.#attempts.length > 0) {
      this.write(0);
      this.answer(0);
      this.see(Infinity);
    }
  }

  /** A caller in line goes away. */
  giveUp(choice: number): void {
    const parked = this.#line.parked();
    const claim = parked[choice % Math.max(1, parked.length)];
    if (claim === undefined) return;
    claim.forget();
    this.#line.leave(claim);
  }

  report(): DemandReport {
    return {
      replica: this.#name,
      waiting: this.#line.demandAt(this.#version),
      version: this.#version,
      expiresAtMs: this.#cluster.nowMs + reportLastsMs,
    };
  }

  #take(): KnownPod | null {
    const view = [...this.#cache.values()].find(
      ({ uid, ready, claimed, ended }) => ready && !claimed && !ended && !this.#aside.has(uid),
    );
    if (view === undefined) return null;
    this.#aside.add(view.uid);
    // The line hands the pod on and reads nothing of what only patches need.
    return { pool: 'p', view, facts: noFacts };
  }
}

const noFacts: KnownPod['facts'] = {
  ...{ ip: null, claimHash: null, claimId: null, holder: null, claimedAt: null },
  ...{ leaseExpiresAt: null, leaseSeconds: null, releaseReason: null },
  basis: { readyIndex: null, hasAnnotations: true, customOwners: [] },
};
