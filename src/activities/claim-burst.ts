/**
 * Whether the news of a pool's pods waits because a burst of claims is under way.
 *
 * What a pool does about claims costs more CPU than the claims: 300 at once took their last tenth
 * 2.0 s on two cores while the pool refilled beside them, and the same when nothing of ours did
 * but the creates. So a pool hears of a burst when it is over, or has lasted a second, or has left
 * too few warm pods. Claims that found no pod are told by their replica, and do not wait for this.
 */
import type { PodView } from '../pool/pod-view.ts';

/** Pods claimed within a tick of 200 ms that make a burst: 100 a second, twice the fastest load. */
const burstClaims = 20;

/** News of a pool waits this long at most; a pod takes longer to start on most clusters. */
const maxHoldMs = 1_000;

/** The burst of one pool, from its first news until it is told. */
export class ClaimBurst {
  #claims = 0;
  #heldSinceMs: number | null = null;

  /** Counts a pod that was claimed. */
  note({ claimed, terminating }: PodView): void {
    if (claimed && !terminating) this.#claims += 1;
  }

  /**
   * Asked once a tick: whether the news waits for another. `pods` are all of the pool; a burst that
   * the warm ones among them may not outlast is told at once.
   */
  holds(options: { pods: () => PodView[]; nowMs: number }): boolean {
    const { pods, nowMs } = options;
    const claims = this.#claims;
    this.#claims = 0;
    if (claims < burstClaims) return false;
    this.#heldSinceMs ??= nowMs;
    if (nowMs - this.#heldSinceMs >= maxHoldMs) return false;
    return pods().filter(isFree).length >= claims;
  }
}

function isFree({ ready, claimed, terminating, ended }: PodView): boolean {
  return ready && !claimed && !terminating && !ended;
}
