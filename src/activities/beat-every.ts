/** How often a wait tells Temporal that it lives. */
import { heartbeatTimeoutMs } from '../pool/deadlines.ts';

/** Five beats within the timeout: every 2 s within 10 s, which notices a lost attempt early. */
const beatsInTimeout = 5;

/** Half as many where beats weigh: each one is a write to Temporal's database, and may be billed. */
const fewBeatsInTimeout = 2.5;

/**
 * Time between beats under a heartbeat timeout; both in milliseconds. A timeout longer than usual was
 * asked for because beats weigh; so does `isMany`, when hundreds beat at once.
 */
export function beatEveryMs(timeoutMs: number, isMany: boolean): number {
  const weighs = isMany || timeoutMs > heartbeatTimeoutMs;
  return timeoutMs / (weighs ? fewBeatsInTimeout : beatsInTimeout);
}
