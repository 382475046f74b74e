import { setTimeout as sleep } from 'node:timers/promises';

/** People repeat what was not answered for so long; then they give it up. */
const insistMs = 25_000;

/** Asks again while servers are away. Raises when they are away for too long. */
export async function insist(ask: () => Promise<void>): Promise<void> {
  const deadlineMs = Date.now() + insistMs;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await sleep(500);
    }
  }
}
