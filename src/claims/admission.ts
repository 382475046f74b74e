/** Whether a claim is taken on, and for how long its lease would be. */
import type { CardCache } from '../kubernetes/card-cache.ts';
import type { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import type { PodCache } from '../kubernetes/pod-cache.ts';
import { checkClaimRequest } from './check-request.ts';
import type { ClaimRequest } from './claim.ts';
import { ClaimError } from './claim-error.ts';
import { closedPoolError, estimateSeconds, patienceError } from './claim-failures.ts';
import type { ClaimLimits } from './claim-limits.ts';
import { leaseTerms } from './lease-terms.ts';
import { countPods } from './pool-counts.ts';

/** A server that asks for patience without saying for how long gets this much. */
const unnamedPatienceMs = 1_000;

/** Decides by request, card, limits, and by what Kubernetes said last. */
export class Admission {
  readonly #cards: CardCache;
  readonly #cache: PodCache;
  readonly #limits: ClaimLimits;
  /** Kubernetes asked for patience until then; nothing is sent before. */
  #heldUntilMs = 0;

  constructor(options: { cards: CardCache; cache: PodCache; limits: ClaimLimits }) {
    this.#cards = options.cards;
    this.#cache = options.cache;
    this.#limits = options.limits;
  }

  /** The lease in seconds, null for none. Raises `ClaimError` for a claim that is not taken on. */
  admit(request: ClaimRequest): number | null {
    checkClaimRequest(request, this.#limits);
    const card = this.#cards.get(request.pool);
    if (card?.acceptsClaims !== true) throw closedPoolError(request.pool, card);
    const leaseSeconds = leaseTerms(card, request.leaseSeconds);
    const heldForMs = this.#heldUntilMs - Date.now();
    if (heldForMs > 0) throw patienceError(heldForMs);
    return leaseSeconds;
  }

  /** Raises `tooManyWaiting` when the line of a pool, or all lines together, are full. */
  checkRoom(options: { pool: string; inLine: number; inAll: number }): void {
    const { pool, inLine, inAll } = options;
    const { maxWaiting, maxWaitingPerPool } = this.#limits;
    if (inLine < maxWaitingPerPool && inAll < maxWaiting) return;
    throw new ClaimError('tooManyWaiting', `Too many claims wait for pool ${pool}: ${inLine}`, {
      retryAfterSeconds: this.estimate(pool, inLine),
      details: { waiting: inLine },
    });
  }

  /** Seconds until a claim with so many in front of it may find a pod. */
  estimate(pool: string, inFront: number): number {
    const card = this.#cards.get(pool);
    const { pending } = countPods(this.#cache.ofPool(pool), card?.templateHash ?? '');
    return estimateSeconds({ card, inFront, pending });
  }

  /** Obeys a server that asks for patience. */
  noteFailure({ kind, retryAfterMs }: KubernetesError): void {
    if (kind !== 'throttled') return;
    this.#heldUntilMs = Date.now() + (retryAfterMs ?? unnamedPatienceMs);
  }
}
