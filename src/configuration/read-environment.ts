/** The configuration of a process: read once from the environment, checked, never read again. */
import { z } from 'zod';
import { defaultTaskQueue } from '../workflows/task-queue.ts';

/** A TCP port. */
export const port = z.coerce.number().int().min(1).max(65_535);

/** What every process of Pilotlight is told. Temporal's own settings come by its envconfig. */
export const commonSettings = {
  /** Kubernetes namespace whose pools this process serves. */
  PILOTLIGHT_NAMESPACE: z.string().min(1).default('default'),
  PILOTLIGHT_TASK_QUEUE: z.string().min(1).default(defaultTaskQueue),
  /** YAML file of the keys that encrypt what Temporal is given; without it nothing is encrypted. */
  PILOTLIGHT_PAYLOAD_KEYS_FILE: z.string().min(1).optional(),
  PILOTLIGHT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
};

/** How much a process logs. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Reads and checks the environment. Raises one error that names each wrong variable. */
export function readEnvironment<S extends z.ZodType>(
  schema: S,
  env: NodeJS.ProcessEnv,
): z.infer<S> {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  const wrong = result.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return `${name}: ${issue.message}, got ${JSON.stringify(env[name])}`;
  });
  throw new Error(`The environment is wrong. ${wrong.join('. ')}`);
}
