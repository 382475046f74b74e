/** What the asker is told whose query came with early news; src/client asks again. */
export const askAgain =
  'The worker was told of more than its workflow tasks have brought: ask again';

/** What an activation tells of the history that it was made from. */
export interface HistorySeen {
  /** Events up to its last one. */
  events: number;
  /** Bytes up to the start of the latest task, as text; `0` where the server does not say. */
  bytes: string;
  /** The start of the latest task, as text. */
  startedAt: string;
  /** Whether it brings anything but queries and evictions. */
  hasNews: boolean;
}

/**
 * Whether an activation brings events that no workflow task has started with: there are more than before,
 * while size and time are those of the same start of a task. Either alone is not enough: a task that the server
 * starts in its answer to a second attempt has the size of the one before, and a server whose clock was set
 * back starts tasks at one time. Never so where the size is unknown.
 */
export function isEarlyNews(before: HistorySeen | null, seen: HistorySeen): boolean {
  if (before === null || !seen.hasNews || seen.bytes === '0') return false;
  const isSameStart = seen.bytes === before.bytes && seen.startedAt === before.startedAt;
  return isSameStart && seen.events > before.events;
}
