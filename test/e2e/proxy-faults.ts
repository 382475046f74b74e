/** Decides which request through a fault proxy meets which fault. */
import type { ServerResponse } from 'node:http';
import type { V1Pod } from '@kubernetes/client-node';

/** A request as faults are chosen by it. */
export interface Carried {
  method: string;
  path: string;
  /** The pod that is created, changed or deleted; empty for everything else. */
  podName: string;
}

/** Requests that are held back at the proxy. */
export interface Held {
  /** How many have come so far. */
  count: number;
  /** Lets them go on. Those whose senders have given up meanwhile, or died, never arrive. */
  release(): void;
}

type Matches = (request: Carried) => boolean;

/** What happens to a write; `timedOut`: it is carried out, and the answer says 504. */
type Fate = 'none' | 'lost' | 'delayed' | 'refused' | 'timedOut';

/** Reasons as the API server gives them, by status. */
const reasons = {
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
} as const;

/** A status that requests may be answered with in place of the server. */
export type PlayedStatus = keyof typeof reasons;

/** All of these. */
export const playedStatuses = Object.keys(reasons).map(Number) as PlayedStatus[];

/** A failure as the API server words it. */
export function failureOf(status: PlayedStatus): string {
  const message = 'etcd is not there';
  const reason = reasons[status];
  return JSON.stringify({ kind: 'Status', status: 'Failure', code: status, reason, message });
}

/** The faults of one proxy. */
export class Faults {
  loseEvery = 0;
  delayEvery = 0;
  timeOutEvery = 0;
  isCut = false;
  isDripping = false;
  heldWatches: PromiseWithResolvers<undefined> | null = null;
  showPod: ((pod: V1Pod) => void) | null = null;
  readonly made = { lost: 0, delayed: 0, refused: 0, timedOut: 0 };
  /** Watches under way, by the answer they are sent on. */
  readonly watches = new Set<ServerResponse>();
  readonly #holds = new Set<Held & { matches: Matches; released: Promise<undefined> }>();
  readonly #refusals: { matches: Matches; left: number }[] = [];
  readonly #answers: { status: PlayedStatus; left: number }[] = [];
  #writes = 0;

  hold(matches: Matches): Held {
    const { promise: released, resolve } = Promise.withResolvers<undefined>();
    const hold = {
      ...{ matches, released, count: 0 },
      release: () => {
        this.#holds.delete(hold);
        resolve(undefined);
      },
    };
    this.#holds.add(hold);
    return hold;
  }

  refuse(matches: Matches, times: number): void {
    this.#refusals.push({ matches, left: times });
  }

  answer(status: PlayedStatus, times: number): void {
    this.#answers.push({ status, left: times });
  }

  /** The status that a request of any kind is answered with, if it is not to go further. */
  nextAnswer(): PlayedStatus | null {
    const answer = this.#answers.find(({ left }) => left > 0);
    if (answer === undefined) return null;
    answer.left -= 1;
    this.made.refused += 1;
    return answer.status;
  }

  /** Resolves once nothing holds the request. */
  async passHolds(request: Carried): Promise<void> {
    for (const hold of this.#holds) {
      if (!hold.matches(request)) continue;
      hold.count += 1;
      await hold.released;
    }
  }

  /** Counts a write, and says what becomes of it. */
  next(request: Carried): Fate {
    const refusal = this.#refusals.find(({ matches, left }) => left > 0 && matches(request));
    if (refusal !== undefined) {
      refusal.left -= 1;
      this.made.refused += 1;
      return 'refused';
    }
    this.#writes += 1;
    if (this.delayEvery > 0 && this.#writes % this.delayEvery === 0) {
      this.made.delayed += 1;
      return 'delayed';
    }
    if (this.timeOutEvery > 0 && this.#writes % this.timeOutEvery === 0) {
      this.made.timedOut += 1;
      return 'timedOut';
    }
    if (this.loseEvery > 0 && this.#writes % this.loseEvery === 0) {
      this.made.lost += 1;
      return 'lost';
    }
    return 'none';
  }
}
