import type { Environment } from '../e2e/environment.ts';
import type { OurProcess, PoolPlan } from './schedule.ts';
import type { OurRunning } from './start-processes.ts';

/** A run's servers, and what was done to them. */
export interface ChaosWorld {
  environment: Environment;
  running: Record<OurProcess, OurRunning>;
  pools: PoolPlan[];
  /** uids of pods that were deleted or ended by a fault. */
  harmed: Set<string>;
  /** Nodes that died: what was on them is harmed as well. */
  lostNodes: Set<string>;
  /** Targets as people last set them. */
  targets: Map<string, number>;
  /** By how much each pool's target was raised, over all. */
  raises: Map<string, number>;
  /** Pools whose target fell, rose and fell again: what is too much is kept for 5 minutes (docs/adr/0032). */
  flapped: Set<string>;
  /** Pools whose last target may not have come through. */
  uncertain: Set<string>;
  note: (what: string) => void;
}
