/**
 * Pods by name, by pool and by claim, so that nobody looks through all pods of a namespace.
 *
 * A pod comes from the watch, or is folded in from the answer to a write of ours, which is ahead of
 * the watch. A folded pod stands until the watch has caught up with it:
 *   I1. What the watch says of a folded pod's older version does not undo the fold.
 *   I2. A fold never makes a pod known, nor brings one back: the watch alone begins and ends them.
 *   I3. A list older than a fold ends it. Either the list was under way when the fold was made, and
 *       the watch brings the pod again, or the cluster's history was rewound and the fold is void.
 */
import type { PodView } from '../pool/pod-view.ts';
import { compareVersions } from '../pool/resource-version.ts';
import type { KnownPod } from './known-pod.ts';

interface Entry {
  watched: KnownPod;
  folded: KnownPod | null;
}

/** Says what is known now; holds no history. */
export class PodIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #byPool = new Map<string, Map<string, KnownPod>>();
  readonly #byClaim = new Map<string, Map<string, KnownPod>>();

  /** The pod of that name. */
  get(name: string): KnownPod | undefined {
    const entry = this.#entries.get(name);
    return entry?.folded ?? entry?.watched;
  }

  /** The pods of a pool, in no order. */
  ofPool(pool: string): Iterable<KnownPod> {
    return this.#byPool.get(pool)?.values() ?? [];
  }

  /** The pods whose claim label has this value: one, or none, unless labels were written by hand. */
  ofClaim(claimHash: string): Iterable<KnownPod> {
    return this.#byClaim.get(claimHash)?.values() ?? [];
  }

  /** The pools that have pods. */
  pools(): string[] {
    return [...this.#byPool.keys()];
  }

  /** Takes in what the watch says; returns what is known of the pod then. */
  watch(pod: KnownPod): KnownPod {
    const { name } = pod.view;
    const before = this.#entries.get(name);
    const folded = before?.folded ?? null;
    const isAhead = folded !== null && isSamePod(folded.view, pod.view) && isNewer(folded, pod);
    return this.#put(name, { watched: pod, folded: isAhead ? folded : null });
  }

  /** Takes in a pod as a write of ours left it; returns whether that was news. */
  fold(pod: KnownPod): boolean {
    const { name } = pod.view;
    const known = this.get(name);
    const entry = this.#entries.get(name);
    if (!known || !entry || !isSamePod(known.view, pod.view) || !isNewer(pod, known)) return false;
    this.#put(name, { watched: entry.watched, folded: pod });
    return true;
  }

  /** Forgets a pod that the watch saw end; a namesake with another uid stays. */
  end(name: string, uid: string): void {
    const known = this.get(name);
    if (known?.view.uid !== uid) return;
    this.#remove(known);
    this.#entries.delete(name);
  }

  /** Ends the folds that are newer than a full list; the list's own changes came before. */
  listed(version: string): void {
    for (const [name, { watched, folded }] of this.#entries) {
      if (folded === null || compareVersions(folded.view.version, version) <= 0) continue;
      this.#put(name, { watched, folded: null });
    }
  }

  #put(name: string, entry: Entry): KnownPod {
    const before = this.get(name);
    if (before !== undefined) this.#remove(before);
    this.#entries.set(name, entry);
    const pod = entry.folded ?? entry.watched;
    add(this.#byPool, pod.pool, pod);
    if (pod.facts.claimHash !== null) add(this.#byClaim, pod.facts.claimHash, pod);
    return pod;
  }

  #remove(pod: KnownPod): void {
    drop(this.#byPool, pod.pool, pod);
    if (pod.facts.claimHash !== null) drop(this.#byClaim, pod.facts.claimHash, pod);
  }
}

function isSamePod(a: PodView, b: PodView): boolean {
  return a.uid === b.uid;
}

function isNewer(a: KnownPod, b: KnownPod): boolean {
  return compareVersions(a.view.version, b.view.version) > 0;
}

function add(index: Map<string, Map<string, KnownPod>>, key: string, pod: KnownPod): void {
  const pods = index.get(key) ?? new Map<string, KnownPod>();
  index.set(key, pods.set(pod.view.name, pod));
}

function drop(index: Map<string, Map<string, KnownPod>>, key: string, pod: KnownPod): void {
  const pods = index.get(key);
  pods?.delete(pod.view.name);
  if (pods?.size === 0) index.delete(key);
}
