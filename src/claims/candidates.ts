/** Which pod a claim tries: warm, not being tried by another claim of this process. */
import type { KnownPod } from '../kubernetes/known-pod.ts';
import type { PodCache } from '../kubernetes/pod-cache.ts';

/** Chooses pods and sets them aside. */
export class Candidates {
  readonly #cache: Pick<PodCache, 'ofPool' | 'get'>;
  readonly #isCordoned: (node: string | undefined) => boolean;
  /** uids of pods that a claim of this process is trying. */
  readonly #reserved = new Set<string>();
  /** Pods that turned out not to be warm, by uid, with the version that the cache had then. */
  readonly #duds = new Map<string, string>();

  /** `isCordoned` tells of a node that is about to go; without it every node is as good. */
  constructor(
    cache: Pick<PodCache, 'ofPool' | 'get'>,
    isCordoned: (node: string | undefined) => boolean = () => false,
  ) {
    this.#cache = cache;
    this.#isCordoned = isCordoned;
  }

  /**
   * Sets a pod aside for a claim, current template before stale and those on cordoned nodes last, as
   * their time may be short; null when none is warm. The order
   * within differs from claim to claim (rendezvous hashing by `key`), so that replicas that choose
   * at the same moment rarely choose the same pod, and a claim that is repeated chooses the same.
   */
  take(options: { pool: string; key: string; templateHash: string }): KnownPod | null {
    const { pool, key, templateHash } = options;
    const seed = hash(fnvOffset, key, 0);
    let best: { pod: KnownPod; fitness: number; rank: number } | null = null;
    for (const pod of this.#cache.ofPool(pool)) {
      if (!isWarm(pod) || !this.#isFree(pod)) continue;
      const { view } = pod;
      const isCurrent = view.templateHash === templateHash;
      const fitness = (this.#isCordoned(view.node) ? 0 : 2) + (isCurrent ? 1 : 0);
      if (best !== null && fitness < best.fitness) continue;
      const rank = hash(seed, view.uid, Math.max(0, view.uid.length - uidEndLength));
      if (best === null || fitness > best.fitness || rank > best.rank) {
        best = { pod, fitness, rank };
      }
    }
    if (best === null) return null;
    this.#reserved.add(best.pod.view.uid);
    return best.pod;
  }

  /** A pod is no longer set aside. */
  giveBack(uid: string): void {
    this.#reserved.delete(uid);
  }

  /**
   * A pod that was tried was not to be had. It is passed over until the watch brings news of it, in
   * case the cache is behind.
   */
  passOver({ view }: KnownPod): void {
    const known = this.#cache.get(view.name);
    if (known?.uid === view.uid) this.#duds.set(view.uid, known.version);
  }

  /** Whether a pod is seen to be claimed, by whomever. */
  isTaken({ view: { name, uid } }: KnownPod): boolean {
    const seen = this.#cache.get(name);
    return seen?.uid === uid && seen.claimed;
  }

  /** A pod is gone. */
  forget(uid: string): void {
    this.#duds.delete(uid);
  }

  #isFree({ view }: KnownPod): boolean {
    if (this.#reserved.has(view.uid)) return false;
    const version = this.#duds.get(view.uid);
    if (version === undefined) return true;
    if (version === view.version) return false;
    this.#duds.delete(view.uid);
    return true;
  }
}

/** Whether a pod can be handed out: unclaimed, Ready, not being deleted or evicted, not at its end. */
export function isWarm({ view, facts }: KnownPod): boolean {
  return (
    view.ready &&
    !view.claimed &&
    !view.terminating &&
    !view.ended &&
    view.disrupted !== true &&
    facts.basis.readyIndex !== null
  );
}

const fnvOffset = 0x811c9dc5;

/** The end of a uid is random throughout, and tells pods apart as well as all of it. */
const uidEndLength = 12;

/** FNV-1a, 32 bits, of what a text has from a place on: 2,000 ends of uids take 30 µs. */
function hash(seed: number, text: string, from: number): number {
  let value = seed;
  for (let index = from; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
