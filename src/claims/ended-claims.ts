/** Remembers claims that have ended, so that who asks late hears how, and a repeated release is none. */
import { LRUCache } from 'lru-cache';

/** How a claim ended. */
export interface EndedClaim {
  claimId: string;
  pool: string;
  podUid: string;
  how: 'released' | 'lost';
  reason: string | null;
  message: string;
}

/** 10,000 ended claims are 5 MiB, and 17 minutes of them at 10 claims a second. */
const maxRemembered = 10_000;

/** After an hour nobody asks for a claim any more. */
const rememberedForMs = 3_600_000;

/** The latest ended claims of this process. */
export class EndedClaims {
  readonly #ended = new LRUCache<string, EndedClaim>({
    max: maxRemembered,
    ttl: rememberedForMs,
  });

  get(claimId: string): EndedClaim | undefined {
    return this.#ended.get(claimId);
  }

  /** What is known of a pod's claim stays: a release is not turned into a loss by the pod's end. */
  add(claim: EndedClaim): void {
    if (this.#ended.get(claim.claimId)?.podUid !== claim.podUid) {
      this.#ended.set(claim.claimId, claim);
    }
  }
}
