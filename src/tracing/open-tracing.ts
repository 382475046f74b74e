import { noTracer, type Tracing } from './span.ts';
import { readTracingSettings } from './settings.ts';

const off: Tracing = { tracer: noTracer, close: () => Promise.resolve() };

/**
 * Traces if the environment says to where, else does nothing: the library takes 70 ms to load, so it is
 * loaded only then. `onTrouble` hears that spans could not be sent, once a minute at most.
 * Raises an error for a variable that is wrong.
 */
export async function openTracing(options: {
  env: NodeJS.ProcessEnv;
  serviceName: string;
  onTrouble: (message: string) => void;
}): Promise<Tracing> {
  const { env, serviceName, onTrouble } = options;
  const settings = readTracingSettings(env, serviceName);
  if (settings === null) return off;
  const { OtlpTracing } = await import('./otlp-tracing.ts');
  return new OtlpTracing(settings, onTrouble);
}
