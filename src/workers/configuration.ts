/** The configuration of a process: read once from the environment, checked, never read again. */
import { z } from 'zod';
import { defaultTaskQueue } from '../workflows/messages.ts';

const port = z.coerce.number().int().min(1).max(65_535);

const schema = z.object({
  /** Kubernetes namespace whose pools this process serves. */
  PILOTLIGHT_NAMESPACE: z.string().min(1).default('default'),
  PILOTLIGHT_TASK_QUEUE: z.string().min(1).default(defaultTaskQueue),
  /** Port of /healthz and /readyz on loopback. */
  PILOTLIGHT_HEALTH_PORT: port.default(9465),
  PILOTLIGHT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /**
   * Activities at once. Each waiting spawn holds one; Temporal's default of 100 would let 100 slow
   * pods block every retirement.
   */
  PILOTLIGHT_MAX_ACTIVITIES: z.coerce.number().int().min(10).max(5_000).default(1_500),
});

/** What a worker process is told. Temporal's own settings come by its envconfig. */
export interface WorkerConfiguration {
  namespace: string;
  taskQueue: string;
  healthPort: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  maxActivities: number;
}

/** Reads and checks the environment. Raises one error that names each wrong variable. */
export function readConfiguration(env: NodeJS.ProcessEnv): WorkerConfiguration {
  const result = schema.safeParse(env);
  if (!result.success) {
    const wrong = result.error.issues.map((issue) => {
      const name = issue.path.join('.');
      return `${name}: ${issue.message}, got ${JSON.stringify(env[name])}`;
    });
    throw new Error(`The environment is wrong. ${wrong.join('. ')}`);
  }
  const read = result.data;
  return {
    namespace: read.PILOTLIGHT_NAMESPACE,
    taskQueue: read.PILOTLIGHT_TASK_QUEUE,
    healthPort: read.PILOTLIGHT_HEALTH_PORT,
    logLevel: read.PILOTLIGHT_LOG_LEVEL,
    maxActivities: read.PILOTLIGHT_MAX_ACTIVITIES,
  };
}
