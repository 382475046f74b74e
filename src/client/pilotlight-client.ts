/** Claims over HTTP, from TypeScript: `await using claim = await pilotlight.claim('pool')`. */
import { HeldClaim } from './held-claim.ts';
import { ClaimLostError, ClaimMissError } from './pilotlight-error.ts';
import { Replicas } from './replicas.ts';
import type { ClaimAnswer, ClaimBody, ClaimStateAnswer, ReleasedAnswer } from './wire/claims.ts';
import type { PoolAnswer } from './wire/pools.ts';

/** Where the API is and who asks. */
export interface ClientOptions {
  /** `http://host:port` of the API, or of each of its replicas, which are asked in turn. */
  url: string | string[];
  /** The bearer token; none on loopback. */
  token?: string;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

/** What a claim asks for. */
export interface ClaimOptions extends Omit<ClaimBody, 'claimId'> {
  /**
   * The claim's name, by which it is repeated safely; a random one unless given. null: none, which
   * saves a write, but a reply that is lost leaves its pod claimed until the lease ends.
   */
  claimId?: string | null;
  /** Ends the attempt. A claim that has no name of the caller's own is released if it was granted. */
  signal?: AbortSignal;
  /** Time for tries beyond `waitSeconds`, in milliseconds; 30 s unless given. */
  retryForMs?: number;
  /** Whether the claim renews itself while it is held; true unless given. */
  renews?: boolean;
}

/** The kind of pod that a claim asks for, by the labels of its pool: its shape, its image or both. */
export type WantedShape = { shape: string; image?: string } | { shape?: string; image: string };

/** Where a claim is sent, and what its body says beside the wish. */
interface Wanted {
  path: string;
  fields: object;
}

/** Time for tries of anything but a claim, which an outage of seconds does not fail. */
const defaultRetryForMs = 30_000;

/** Time for a release at the end of a claim: an ending process does not wait longer. */
const releaseForMs = 10_000;

/**
 * The longest wait of one request. Node's fetch gives up on an answer after 300 s; a longer wait goes
 * on in a second request.
 */
const maxRequestWaitSeconds = 240;

/** A lease that ends earlier than a new one by more than clocks differ is an old one. */
const clockToleranceMs = 2_500;

/** Waits shorter than this are not worth another request. */
const shortestWaitMs = 100;

/** Calls of the API. Every method raises `PilotlightError`, or the reason of the signal it was given. */
export class PilotlightClient {
  readonly #replicas: Replicas;

  constructor(options: ClientOptions) {
    this.#replicas = new Replicas({
      urls: [options.url].flat(),
      token: options.token ?? null,
      fetch: options.fetch ?? fetch,
    });
  }

  /**
   * Takes a warm pod, waiting up to `waitSeconds` (0 unless given) for one; a wait longer than the
   * API's 300 s goes on in further requests. Raises `ClaimMissError` when none became warm.
   */
  claim(pool: string, options: ClaimOptions = {}): Promise<HeldClaim> {
    return this.#take(
      { path: `/v1/pools/${encodeURIComponent(pool)}/claims`, fields: {} },
      options,
    );
  }

  /**
   * Takes a warm pod, as `claim` does, of the one pool that has what is wanted; never one of another
   * shape or image. Raises `NoSuchShapeError` or `AmbiguousShapeError`, with the candidates, at once.
   */
  claimByShape(wanted: WantedShape, options: ClaimOptions = {}): Promise<HeldClaim> {
    const { shape, image } = wanted;
    const fields = {
      ...(shape === undefined ? {} : { shape }),
      ...(image === undefined ? {} : { image }),
    };
    return this.#take({ path: '/v1/claims', fields }, options);
  }

  async #take(wanted: Wanted, options: ClaimOptions): Promise<HeldClaim> {
    const { claimId: chosen, signal, retryForMs, renews = true, ...wish } = options;
    const claimId = chosen === undefined ? crypto.randomUUID() : chosen;
    const deadlines = { signal, retryForMs: retryForMs ?? defaultRetryForMs };
    try {
      const { answer, leaseEndsAtMs } = await this.#claimWithin({
        ...{ wanted, claimId, wish, ...deadlines },
      });
      return new HeldClaim({ answer, leaseEndsAtMs, renews, holding: this.#holding(answer) });
    } catch (error) {
      // It may have been granted on the way. A name of the caller's own may be held by another of
      // its processes; one of ours by nobody.
      if (chosen === undefined && claimId !== null && signal?.aborted) void this.#giveUp(claimId);
      throw error;
    }
  }

  /** What is known of a claim. Raises `ClaimLostError` when no pod carries it. */
  async get(claimId: string): Promise<ClaimStateAnswer> {
    return (await this.#call('GET', claimPath(claimId))) as ClaimStateAnswer;
  }

  /** The claims of a pool, or of all that the token may see. */
  async list(options: { pool?: string } = {}): Promise<ClaimStateAnswer[]> {
    const query = options.pool === undefined ? '' : `?pool=${encodeURIComponent(options.pool)}`;
    const { claims } = (await this.#call('GET', `/v1/claims${query}`)) as {
      claims: ClaimStateAnswer[];
    };
    return claims;
  }

  /** Moves the end of a claim's lease to `leaseSeconds` from now; the pool's own unless given. */
  async renew(claimId: string, options: { leaseSeconds?: number } = {}): Promise<ClaimAnswer> {
    return (await this.#replicas.send({
      method: 'POST',
      path: `${claimPath(claimId)}/renew`,
      body: () => options,
      isRepeatable: true,
      deadlineMs: defaultRetryForMs,
    })) as ClaimAnswer;
  }

  /** Ends a claim and deletes its pod. Doing it again is fine. */
  async release(claimId: string, options: { reason?: string } = {}): Promise<ReleasedAnswer> {
    const query =
      options.reason === undefined ? '' : `?reason=${encodeURIComponent(options.reason)}`;
    return (await this.#replicas.send({
      method: 'DELETE',
      path: `${claimPath(claimId)}${query}`,
      isRepeatable: true,
      deadlineMs: releaseForMs,
    })) as ReleasedAnswer;
  }

  /** The pools that the token may see, as their cards tell. */
  async pools(): Promise<PoolAnswer[]> {
    const { pools } = (await this.#call('GET', '/v1/pools')) as { pools: PoolAnswer[] };
    return pools;
  }

  /** Claims until a pod is there or the wait is over, in as many requests as that takes. */
  async #claimWithin(request: {
    wanted: Wanted;
    claimId: string | null;
    wish: Omit<ClaimBody, 'claimId'>;
    signal: AbortSignal | undefined;
    retryForMs: number;
  }): Promise<{ answer: ClaimAnswer; leaseEndsAtMs: number }> {
    const { wanted, claimId, wish, signal, retryForMs } = request;
    const startedAtMs = performance.now();
    const waitMs = (wish.waitSeconds ?? 0) * 1000;
    const leftMs = (): number => Math.max(0, startedAtMs + waitMs - performance.now() || 0);
    let sentAtMs = startedAtMs;
    const body = (): object => {
      sentAtMs = performance.now();
      const { waitSeconds: asked = 0 } = wish;
      // What is no number of seconds is left for the API to refuse, in words.
      const isNumber = Number.isInteger(asked) && asked >= 0;
      const left = Math.min(maxRequestWaitSeconds, Math.ceil(leftMs() / 1000));
      const waitSeconds = isNumber ? left : asked;
      return {
        ...{ ...wish, ...wanted.fields, waitSeconds },
        ...(claimId === null ? {} : { claimId }),
      };
    };
    // Ends by its wait, which each round shortens.
    for (;;) {
      try {
        const { body: answered, dateMs } = await this.#replicas.sendDated({
          ...{ method: 'POST', path: wanted.path, body, signal },
          waitMs: Math.min(maxRequestWaitSeconds * 1000, leftMs()),
          isRepeatable: claimId !== null,
          deadlineMs: leftMs() + retryForMs,
        });
        const answer = answered as ClaimAnswer;
        return { answer, leaseEndsAtMs: leaseEndOf({ answer, dateMs, sentAtMs }) };
      } catch (error) {
        if (!(error instanceof ClaimMissError) || leftMs() < shortestWaitMs) throw error;
      }
    }
  }

  #holding(answer: ClaimAnswer) {
    const { claimId, lease } = answer;
    return {
      renew: async ({ deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal }) => {
        if (lease === null) return this.#look(claimId);
        return (await this.#replicas.send({
          method: 'POST',
          path: `${claimPath(claimId)}/renew`,
          body: () => ({ leaseSeconds: lease.seconds }),
          isRepeatable: true,
          deadlineMs,
          signal,
        })) as ClaimAnswer;
      },
      release: async (reason: string | undefined) => {
        try {
          await this.release(claimId, reason === undefined ? {} : { reason });
        } catch (error) {
          // It has ended already, which is all that was wanted.
          if (!(error instanceof ClaimLostError)) throw error;
        }
      },
    };
  }

  async #look(claimId: string): Promise<{ lease: null }> {
    const { state, lost } = await this.get(claimId);
    if (state === 'held') return { lease: null };
    throw new ClaimLostError('claimLost', lost?.message ?? `The pod of claim ${claimId} is lost`);
  }

  async #giveUp(claimId: string): Promise<void> {
    try {
      await this.release(claimId, { reason: 'the caller gave up' });
    } catch {
      // Its lease ends it; the caller is told why it stopped waiting, not this.
    }
  }

  #call(method: 'GET', path: string): Promise<unknown> {
    return this.#replicas.send({
      ...{ method, path, isRepeatable: true, deadlineMs: defaultRetryForMs },
    });
  }
}

/**
 * Until when a lease surely holds, by our clock. A new one began after the claim was sent and waited.
 * A claim that was repeated may have been granted long ago: then the end it names, by the replica's
 * clock, is what counts. That clock comes in whole seconds and may differ a little from the cluster's.
 */
function leaseEndOf(options: {
  answer: ClaimAnswer;
  dateMs: number | null;
  sentAtMs: number;
}): number {
  const { answer, dateMs, sentAtMs } = options;
  if (answer.lease === null) return Infinity;
  const leaseMs = answer.lease.seconds * 1000;
  const nowMs = performance.now();
  const grantedAtMs = Math.min(nowMs, sentAtMs + answer.waitedMs);
  const namedMs = dateMs === null ? leaseMs : Date.parse(answer.lease.expiresAt) - dateMs;
  const isOld = namedMs < leaseMs - clockToleranceMs;
  return isOld ? nowMs + Math.max(500, namedMs - 1_000) : grantedAtMs + leaseMs;
}

function claimPath(claimId: string): string {
  return `/v1/claims/${encodeURIComponent(claimId)}`;
}
