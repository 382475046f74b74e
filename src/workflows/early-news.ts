/** What the asker is told whose query came with early news; src/client asks again. */
export const askAgain =
  'The worker was told of more than its workflow tasks have brought: ask again';

/** What an activation tells of the history that it was made from. */
export interface HistorySeen {
  /** Events up to its last one. */
  events: number;
  /** Bytes up to the start of the latest task, as text; `0` where the server does not say. */
  bytes: string;
  /** Whether it brings anything but queries and evictions. */
  hasNews: boolean;
}

/**
 * Whether an activation brings events that no workflow task has started with: there are more than before,
 * and the size, which each start of a task sets anew, is the same. Never so where the size is unknown.
 */
export function isEarlyNews(before: HistorySeen | null, seen: HistorySeen): boolean {
  if (before === null || !seen.hasNews || seen.bytes === '0') return false;
  return seen.events > before.events && seen.bytes === before.bytes;
}
