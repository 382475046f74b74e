/**
 * The eight troubles of docs/operations/troubles.md: which alert tells of each, and where on the
 * dashboard it is seen. The page has the same in words, and test/e2e/live-alerts.test.ts brings each about.
 */

/** A trouble that was brought about, and what tells of it. */
export interface ShownTrouble {
  /** The pool that has it; of the last two, every pool has it. */
  pool: string;
  /** The heading of its row on the page. */
  heading: string;
  alerts: string[];
  /** A panel of the dashboard, where a series with these labels has such a value. */
  panel: string;
  labels: Record<string, string>;
  isTrouble: (value: number) => boolean;
}

const some = (value: number): boolean => value > 0;

/** In the order of the page. */
export const shownTroubles: ShownTrouble[] = [
  {
    ...{ pool: 'bad-image', heading: 'A bad image', panel: 'Spawns by outcome' },
    alerts: ['PilotlightPoolDegraded', 'PilotlightPoolEmpty', 'PilotlightSpawnsFail'],
    labels: { outcome: 'failed', reason: 'ImagePullBackOff' },
    isTrouble: some,
  },
  {
    ...{ pool: 'no-node', heading: 'No node', panel: 'Warm pods below target' },
    alerts: ['PilotlightPoolBelowTarget', 'PilotlightPoolEmpty'],
    labels: {},
    isTrouble: (value) => value === 3,
  },
  {
    ...{ pool: 'quota', heading: 'A quota', panel: 'Phases' },
    alerts: ['PilotlightPoolDegraded', 'PilotlightPoolBelowTarget'],
    labels: { phase: 'Degraded' },
    isTrouble: some,
  },
  {
    ...{ pool: 'refused', heading: 'Admission refuses', panel: 'Phases' },
    alerts: ['PilotlightPoolDegraded', 'PilotlightPoolEmpty'],
    labels: { phase: 'Degraded' },
    isTrouble: some,
  },
  {
    ...{ pool: '', heading: 'The API server is down', panel: 'Calls of the API server' },
    alerts: ['PilotlightClusterCallsFail', 'PilotlightWatchStale'],
    labels: { status: '0' },
    isTrouble: some,
  },
  {
    ...{ pool: 'paused', heading: 'Paused', panel: 'Phases' },
    alerts: ['PilotlightPoolPaused'],
    labels: { phase: 'Paused' },
    isTrouble: some,
  },
  {
    ...{ pool: 'in-use', heading: 'All in use', panel: 'Pods by state' },
    alerts: ['PilotlightPoolDegraded', 'PilotlightPoolEmpty'],
    labels: { state: 'claimed' },
    isTrouble: (value) => value === 4,
  },
  {
    ...{ pool: '', heading: 'No worker', panel: 'Workers and API replicas' },
    alerts: ['PilotlightNoWorker'],
    labels: {},
    isTrouble: (value) => value === 0,
  },
];
