import { until } from '../e2e/environment.ts';

/** People repeat what was not answered for so long; then they give it up. */
const insistMs = 25_000;

/** Asks again while servers are away. Raises when they are away for too long. */
export async function insist(ask: () => Promise<void>): Promise<void> {
  await until({ what: 'an answer', timeoutMs: insistMs, everyMs: 500, ask, holds: () => true });
}
