/**
 * The deadlines of a spawn, derived from one another in one place (P6):
 * pod-ready + overhead < start-to-close < schedule-to-close, and heartbeat ≪ start-to-close.
 * The story behind it: a wait of 5 minutes once ran under a deadline of 30 seconds, and pools whose
 * nodes take minutes to boot never filled.
 */
import type { PoolSpec } from './pool-spec.ts';

/** Time to read the template, create the pod and, past its deadline, to read and delete it. */
export const spawnOverheadMs = 45_000;

/** What start-to-close has beyond pod-ready and overhead, so that the activity's own verdict comes first. */
const marginMs = 15_000;

/**
 * Silence after which Temporal gives an attempt up. Beats come every 2 to 4 s, so two are lost
 * before a live attempt is taken for dead, and a killed process is noticed within 10 s.
 */
export const heartbeatTimeoutMs = 10_000;

/** Deadlines of a spawn in milliseconds. */
export interface SpawnDeadlines {
  startToCloseMs: number;
  scheduleToCloseMs: number;
  heartbeatMs: number;
}

/**
 * For pods that may take 300 s, start-to-close is 6 minutes, as in the measured sketch. All attempts
 * together get twice that: a spawn cut off by it is no failure, it is launched again under its id.
 */
export function spawnDeadlines(spec: Pick<PoolSpec, 'podReadySeconds'>): SpawnDeadlines {
  const startToCloseMs = spec.podReadySeconds * 1000 + spawnOverheadMs + marginMs;
  return {
    startToCloseMs,
    scheduleToCloseMs: 2 * startToCloseMs,
    heartbeatMs: heartbeatTimeoutMs,
  };
}
