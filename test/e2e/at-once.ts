/**
 * Declares tests that run at the same time, for cases that mostly wait: all start with the first, and
 * each is reported by itself. Call it after the `before` that makes what they share.
 */
export function atOnce(cases: Record<string, () => Promise<void>>): void {
  let running: PromiseSettledResult<void>[] = [];
  before(async () => {
    running = await Promise.allSettled(Object.values(cases).map((run) => run()));
  });
  for (const [index, title] of Object.keys(cases).entries()) {
    it(title, () => {
      const result = running[index];
      if (result?.status === 'rejected') throw result.reason;
    });
  }
}
