/** What a pool remembers of the things that slow it down although its template is good. */

/** What the pool remembers of unclaimed pods that ended without its doing. */
export interface Disturbances {
  /** Readings in a row, each within `calmAfterMs` of the one before, that brought one. */
  level: number;
  count: number;
  lastAtMs: number | null;
  lastPod: string | null;
  lastReason: string | null;
  /** No new pod before this. */
  untilMs: number;
}

/** What the pool remembers of pods that a quota refused. */
export interface QuotaMemory {
  /** Refusals in a row, those of pods that were asked for together counted once. */
  rounds: number;
  lastAtMs: number | null;
  lastMessage: string | null;
  /** No new pod before this. */
  untilMs: number;
  /** Pods that may be asked for at once after a refusal; null: as many as the spec allows. */
  allowance: number | null;
}

/** Pods ended in the last minute for reasons that are capped, those for not being Ready among them. */
export type Deletions = { atMs: number; count: number; unready: number }[];

/** The memory of a pool that nobody disturbed. */
export const noDisturbances: Disturbances = {
  level: 0,
  count: 0,
  lastAtMs: null,
  lastPod: null,
  lastReason: null,
  untilMs: 0,
};

/** The memory of a pool that no quota holds back. */
export const noQuota: QuotaMemory = {
  rounds: 0,
  lastAtMs: null,
  lastMessage: null,
  untilMs: 0,
  allowance: null,
};
