/** Telling a person what a long step is at. */

/** Told what a step is doing now, as often as that changes; the last one counts. */
export type Report = (detail: string) => void;

/** For a caller that shows nothing, as a test. */
export const silent: Report = () => undefined;

/** A person waits two seconds without wondering; from then on something is said every ten. */
const sayAfterMs = 2_000;
const sayEveryMs = 10_000;

/**
 * Runs a step and says on a stream what it is at: first after two seconds, then every ten. For a
 * stream that is no terminal, and for steps outside of `up`, which shows the same in its spinner.
 */
export async function reportLines<T>(
  options: { what: string; stream: NodeJS.WritableStream },
  run: (report: Report) => Promise<T>,
): Promise<T> {
  const { what, stream } = options;
  const startedAtMs = Date.now();
  let latest = '';
  const say = (): void => {
    stream.write(`${what}: ${latest || 'working'} (${formatElapsed(Date.now() - startedAtMs)})\n`);
  };
  let interval: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    say();
    interval = setInterval(say, sayEveryMs);
  }, sayAfterMs);
  try {
    return await run((detail) => (latest = detail));
  } finally {
    clearTimeout(first);
    clearInterval(interval);
  }
}

/** `42 s` or `3 min 20 s`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
