/** What activities tell the process that runs them, to count it. None of it may throw. */
import type { PodView } from '../pool/pod-view.ts';

/** The steps of a pod's start: it has a node; its containers run, so its images are there; Ready. */
type StartPhase = 'scheduled' | 'pulled' | 'ready';

/** Where it is counted. */
export interface ActivityMetrics {
  /** How long after its creation a pod was seen to have come to a phase. */
  observeStart(pool: string, phase: StartPhase, elapsedMs: number): void;
  /** A spawn has ended; `reason` is empty unless it failed or was refused. */
  countSpawn(pool: string, outcome: string, reason: string): void;
  /** A retirement was carried out. */
  countRetirement(pool: string, reason: string, outcome: string): void;
  /** Age of the oldest change that Temporal has not taken yet; 0 when it has all. */
  setWatcherLag(lagMs: number): void;
}

/** For tests of other things. */
export const uncounted: ActivityMetrics = {
  observeStart: () => undefined,
  countSpawn: () => undefined,
  countRetirement: () => undefined,
  setWatcherLag: () => undefined,
};

/**
 * Times a start from what is seen of the pod one after the other. What the first view shows already
 * happened before anybody looked, as when a pod is adopted, and is not counted.
 */
export function timeStart(options: {
  pool: string;
  first: PodView;
  metrics: Pick<ActivityMetrics, 'observeStart'>;
  /** The instant by the API server's clock, which also wrote the pod's creation. */
  nowMs: () => number;
}): (pod: PodView) => void {
  const { pool, first, metrics, nowMs } = options;
  const past = phasesOf(first);
  return (pod) => {
    for (const phase of phasesOf(pod)) {
      if (past.has(phase)) continue;
      past.add(phase);
      metrics.observeStart(pool, phase, nowMs() - pod.createdAtMs);
    }
  };
}

function phasesOf({ node, ready, reason }: PodView): Set<StartPhase> {
  const phases = new Set<StartPhase>();
  if (node !== undefined) phases.add('scheduled');
  // A container that is only not Ready runs.
  if (ready || reason === 'ContainerNotReady') phases.add('pulled');
  if (ready) phases.add('ready');
  return phases;
}
