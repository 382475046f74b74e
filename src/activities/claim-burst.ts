/**
 * Whether the news of a pool's pods waits because a burst of claims, or a steady load, is under way.
 *
 * What a pool does about claims costs more CPU than the claims: 300 at once took their last tenth
 * 2.0 s on two cores while the pool refilled beside them, and the same when nothing of ours did
 * but the creates. So a pool hears of a burst when it is over, or has lasted a second, or has left
 * too few warm pods. Claims that found no pod are told by their replica, and do not wait for this.
 *
 * Under a steady load it hears wave by wave, as of its spawns' ends (tick.ts), while the warm pods last
 * for two seconds of it.
 */
import type { PodView } from '../pool/pod-view.ts';

/** Pods claimed within a tick of 200 ms that make a burst: 100 a second, twice the fastest load. */
const burstClaims = 20;

/** News of a pool waits this long at most; a pod takes longer to start on most clusters. */
const maxHoldMs = 1_000;

/** Pods claimed or released within a tick that make a load: 20 a second, claims and releases together. */
const loadChanges = 4;

/** Ticks of such claims that the warm pods must outlast for the news of a load to wait: 2 s. */
const suppliedTicks = 10;

/** The burst of one pool, from its first news until it is told. */
export class ClaimBurst {
  #claims = 0;
  #releases = 0;
  #heldSinceMs: number | null = null;

  /** Counts a pod that was claimed or released. */
  note({ claimed, terminating }: PodView): void {
    if (!claimed) return;
    if (terminating) this.#releases += 1;
    else this.#claims += 1;
  }

  /**
   * Asked once a tick: whether the news waits for another. `pods` are all of the pool; a burst that
   * the warm ones among them may not outlast is told at once. `startsWave`: see tick.ts.
   */
  holds(options: { pods: () => PodView[]; nowMs: number; startsWave: boolean }): boolean {
    const { pods, nowMs, startsWave } = options;
    const claims = this.#claims;
    const changes = claims + this.#releases;
    this.#claims = 0;
    this.#releases = 0;
    const isBurst = claims >= burstClaims;
    if (!isBurst && (startsWave || changes < loadChanges)) return false;
    this.#heldSinceMs ??= nowMs;
    if (nowMs - this.#heldSinceMs >= maxHoldMs) return false;
    return pods().filter(isFree).length >= claims * (isBurst ? 1 : suppliedTicks);
  }
}

function isFree({ ready, claimed, terminating, ended }: PodView): boolean {
  return ready && !claimed && !terminating && !ended;
}
