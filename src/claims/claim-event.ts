/** What happens to claims, for whoever counts: metrics and logs hang on these. */
export type ClaimEvent =
  /** Answered with a pod. `elapsedMs` is the whole time, `waitedMs` the part of it in line. */
  | { kind: 'claimed'; pool: string; hit: boolean; elapsedMs: number; waitedMs: number }
  /** No pod turned warm in time. */
  | { kind: 'missed'; pool: string; waitedMs: number }
  /** A candidate turned out to be another's, not Ready or being deleted. */
  | { kind: 'raceLost'; pool: string }
  /** Refused or failed; `code` is that of the error. */
  | { kind: 'failed'; pool: string; code: string }
  | { kind: 'renewed'; pool: string }
  | { kind: 'released'; pool: string; reason: string | null }
  /**
   * A claim's pod failed, was evicted, vanished or outlived its lease. One that was deleted in health
   * is none of these: a release by another replica looks like that.
   */
  | { kind: 'lost'; pool: string; reason: string }
  /** The pod of a claim that nobody waits for could not be released; its lease ends it. */
  | { kind: 'notDiscarded'; pool: string; message: string }
  /** Temporal did not take a report of demand; it is sent again. */
  | { kind: 'demandUnheard'; pool: string; message: string };
