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

/**
 * Waits of one workflow that beat at full pace. Temporal takes one beat of a workflow at a time, in
 * 3 ms on a database file with 1,000 waits; 1,000 of them at full pace kept it so busy that the
 * workflow's own tasks waited for up to 21 s. A quarter of that leaves three quarters of its time.
 */
const waitsAtFullPace = 250;

/** The silence is a fifth of start-to-close at most, so that a lost attempt leaves time for the next. */
const shareOfStartToClose = 5;

/**
 * How many times slower heartbeats are for a Temporal that bills each of them: the watcher beats every
 * 72 s, 50 times an hour and not 1,800 times. The price is that a killed worker is noticed after 3
 * minutes; one that is told to stop hands over at once all the same.
 */
const billedSlower = 18;

/** The slow variant of a heartbeat timeout, in the same proportion to start-to-close (P6). */
export function slowHeartbeatMs(heartbeatMs: number, startToCloseMs: number): number {
  return Math.round(Math.min(heartbeatMs * billedSlower, startToCloseMs / shareOfStartToClose));
}

/** Deadlines of a spawn in milliseconds. */
export interface SpawnDeadlines {
  startToCloseMs: number;
  scheduleToCloseMs: number;
  heartbeatMs: number;
}

/**
 * For pods that may take 300 s, start-to-close is 6 minutes, as in the measured sketch. All attempts
 * together get twice that: a spawn cut off by it is no failure, it is launched again under its id.
 * With more than 250 pods to wait for at once (`pending`) the heartbeats slow down in proportion, to
 * a timeout of 40 s for 1,000.
 */
export function spawnDeadlines(
  spec: Pick<PoolSpec, 'podReadySeconds'>,
  pending: number,
): SpawnDeadlines {
  const startToCloseMs = spec.podReadySeconds * 1000 + spawnOverheadMs + marginMs;
  const slower = Math.max(1, pending / waitsAtFullPace);
  return {
    startToCloseMs,
    scheduleToCloseMs: 2 * startToCloseMs,
    heartbeatMs: Math.round(
      Math.min(heartbeatTimeoutMs * slower, startToCloseMs / shareOfStartToClose),
    ),
  };
}
