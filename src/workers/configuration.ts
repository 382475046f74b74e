import {
  Environment,
  readCommon,
  type CommonConfiguration,
} from '../configuration/read-environment.ts';

/** The settings of heartbeats. */
export const heartbeatProfiles = ['default', 'cloud'] as const;

/** How often waits tell Temporal that they live: often, or seldom because each time is billed. */
export type HeartbeatProfile = (typeof heartbeatProfiles)[number];

/** What a worker process is told. Temporal's own settings come by its envconfig. */
export interface WorkerConfiguration extends CommonConfiguration {
  /** Where /healthz, /readyz and /metrics are served. Loopback, unless a keeper asks from elsewhere. */
  healthHost: string;
  healthPort: number;
  /**
   * Activities at once. Each waiting spawn holds one; Temporal's default of 100 would let 100 slow
   * pods block every retirement.
   */
  maxActivities: number;
  /** `default` notices a killed worker within 10 s, `cloud` within 3 minutes at a 36th of the beats. */
  heartbeats: HeartbeatProfile;
}

/** Reads and checks the environment. Raises one error that names each wrong variable. */
export function readConfiguration(env: NodeJS.ProcessEnv): WorkerConfiguration {
  const environment = new Environment(env);
  const configuration = {
    ...readCommon(environment),
    healthHost: environment.text('PILOTLIGHT_HEALTH_HOST', '127.0.0.1'),
    healthPort: environment.port('PILOTLIGHT_HEALTH_PORT', 9465),
    maxActivities: environment.wholeNumber('PILOTLIGHT_MAX_ACTIVITIES', {
      min: 10,
      max: 5_000,
      default: 1_500,
    }),
    heartbeats: environment.oneOf('PILOTLIGHT_HEARTBEATS', heartbeatProfiles, 'default'),
  };
  environment.check();
  return configuration;
}
