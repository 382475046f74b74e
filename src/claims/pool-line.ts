/**
 * The line of one pool: who is served next.
 *
 *   L1. Claims are served in the order in which they came; newcomers join an existing line.
 *   L2. As many are tried at once as there are pods; one that loses its pod to another replica goes
 *       back to its place, in front of those that came after it.
 *   L3. A claim whose claimId may have a pod already looks for that first and holds up nobody.
 *   L4. What the pool is told is what waited at the version of the watch: without claims whose pod
 *       the watch shows as claimed, although their answer is yet to come, and with those that were
 *       answered ahead of the watch. The pool takes off what it sees claimed after that version, so
 *       any other count would start two pods for one claim, or none (P1).
 */
import type { KnownPod } from '../kubernetes/known-pod.ts';
import { compareVersions } from '../pool/resource-version.ts';
import type { WaitingClaim } from './waiting-claim.ts';

/** Orders the claims of one pool. */
export class PoolLine {
  readonly #take: (claim: WaitingClaim) => KnownPod | null;
  readonly #tryOut: (claim: WaitingClaim, candidate: KnownPod | null) => void;
  readonly #isTaken: (pod: KnownPod) => boolean;
  readonly #onChange: () => void;
  /** By place. */
  readonly #parked: WaitingClaim[] = [];
  /** With the pod that each tries, if it has one. */
  readonly #trying = new Map<WaitingClaim, KnownPod | null>();
  /** Versions of pods that claims of the line got, until the watch has them. */
  #ahead: string[] = [];
  #lastPlace = 0;

  constructor(options: {
    /** Sets a pod aside; null when none is warm. */
    take: (claim: WaitingClaim) => KnownPod | null;
    /** Starts an attempt, which ends by `park` or `leave`. */
    tryOut: (claim: WaitingClaim, candidate: KnownPod | null) => void;
    /** Whether a pod is seen to be claimed, by whomever. */
    isTaken: (pod: KnownPod) => boolean;
    /** The number of those who wait may have changed. */
    onChange: () => void;
  }) {
    this.#take = options.take;
    this.#tryOut = options.tryOut;
    this.#isTaken = options.isTaken;
    this.#onChange = options.onChange;
  }

  /** Claims of this pool that are on their way. */
  get size(): number {
    return this.#parked.length + this.#trying.size;
  }

  /** Claims that found no pod when they came and have none yet. */
  get waiting(): number {
    let trying = 0;
    for (const [{ parkedAtMs }, pod] of this.#trying) {
      if (parkedAtMs !== null && (pod === null || !this.#isTaken(pod))) trying += 1;
    }
    return this.#parked.length + trying;
  }

  /** Claims that waited when the cluster was at the version of the watch (L4). */
  demandAt(version: string): number {
    this.#ahead = this.#ahead.filter((written) => compareVersions(written, version) > 0);
    return this.waiting + this.#ahead.length;
  }

  /** A claim of the line got a pod, which was written at that version. */
  noteServed(version: string): void {
    this.#ahead.push(version);
  }

  /** How many are in front of a parked claim. */
  inFrontOf(claim: WaitingClaim): number {
    return Math.max(0, this.#parked.indexOf(claim));
  }

  /** Lets a new claim in. `looksFirst`: its claimId may have a pod already. */
  enter(claim: WaitingClaim, looksFirst: boolean): void {
    this.#lastPlace += 1;
    claim.place = this.#lastPlace;
    const candidate = this.#parked.length > 0 || looksFirst ? null : this.#take(claim);
    if (candidate !== null || claim.known.isNamed) this.#try(claim, candidate);
    else this.park(claim);
  }

  /** Puts a claim into its place in line, where it is served at once if a pod is warm. */
  park(claim: WaitingClaim): void {
    this.#trying.delete(claim);
    claim.state = 'parked';
    const behind = this.#parked.findIndex(({ place }) => place > claim.place);
    this.#parked.splice(behind < 0 ? this.#parked.length : behind, 0, claim);
    this.serve();
    if (this.#isParked(claim)) {
      claim.parkedAtMs ??= performance.now();
      claim.span.note('in line');
      claim.dismissDue();
    }
    this.#onChange();
  }

  /** Serves those in front as long as pods are warm. */
  serve(): void {
    for (let next = this.#parked[0]; next !== undefined; next = this.#parked[0]) {
      const candidate = this.#take(next);
      if (candidate === null) return;
      this.#parked.shift();
      this.#try(next, candidate);
    }
  }

  /** Lets a parked claim look for a pod that it got elsewhere; it keeps its place. */
  letLook(claim: WaitingClaim): void {
    if (!this.#isParked(claim)) return;
    this.#remove(claim);
    this.#try(claim, null);
  }

  /** A claim has ended, or nobody waits for it any more. */
  leave(claim: WaitingClaim): void {
    this.#trying.delete(claim);
    this.#remove(claim);
    this.#onChange();
  }

  /** Those who stand in line. */
  parked(): WaitingClaim[] {
    return [...this.#parked];
  }

  #try(claim: WaitingClaim, candidate: KnownPod | null): void {
    claim.state = 'trying';
    this.#trying.set(claim, candidate);
    this.#tryOut(claim, candidate);
  }

  #isParked(claim: WaitingClaim): boolean {
    return claim.state === 'parked';
  }

  #remove(claim: WaitingClaim): void {
    const index = this.#parked.indexOf(claim);
    if (index >= 0) this.#parked.splice(index, 1);
  }
}
