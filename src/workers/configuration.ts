import { z } from 'zod';
import {
  commonSettings,
  port,
  readEnvironment,
  type LogLevel,
} from '../configuration/read-environment.ts';

/** The settings of heartbeats. */
export const heartbeatProfiles = ['default', 'cloud'] as const;

const schema = z.object({
  ...commonSettings,
  /** Where /healthz, /readyz and /metrics are served. Loopback, unless a keeper asks from elsewhere. */
  PILOTLIGHT_HEALTH_HOST: z.string().min(1).default('127.0.0.1'),
  PILOTLIGHT_HEALTH_PORT: port.default(9465),
  /**
   * Activities at once. Each waiting spawn holds one; Temporal's default of 100 would let 100 slow
   * pods block every retirement.
   */
  PILOTLIGHT_MAX_ACTIVITIES: z.coerce.number().int().min(10).max(5_000).default(1_500),
  /** `default` notices a killed worker within 10 s, `cloud` within 3 minutes at a 36th of the beats. */
  PILOTLIGHT_HEARTBEATS: z.enum(heartbeatProfiles).default('default'),
});

/** How often waits tell Temporal that they live: often, or seldom because each time is billed. */
export type HeartbeatProfile = (typeof heartbeatProfiles)[number];

/** What a worker process is told. Temporal's own settings come by its envconfig. */
export interface WorkerConfiguration {
  namespace: string;
  taskQueue: string;
  healthHost: string;
  healthPort: number;
  logLevel: LogLevel;
  /** null: payloads are not encrypted. */
  payloadKeysFile: string | null;
  maxActivities: number;
  heartbeats: HeartbeatProfile;
}

/** Reads and checks the environment. Raises one error that names each wrong variable. */
export function readConfiguration(env: NodeJS.ProcessEnv): WorkerConfiguration {
  const read = readEnvironment(schema, env);
  return {
    namespace: read.PILOTLIGHT_NAMESPACE,
    taskQueue: read.PILOTLIGHT_TASK_QUEUE,
    healthHost: read.PILOTLIGHT_HEALTH_HOST,
    healthPort: read.PILOTLIGHT_HEALTH_PORT,
    logLevel: read.PILOTLIGHT_LOG_LEVEL,
    payloadKeysFile: read.PILOTLIGHT_PAYLOAD_KEYS_FILE ?? null,
    maxActivities: read.PILOTLIGHT_MAX_ACTIVITIES,
    heartbeats: read.PILOTLIGHT_HEARTBEATS,
  };
}
