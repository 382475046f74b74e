/**
 * Whether and how a process traces, by the variables that OpenTelemetry gives its programs. Headers,
 * compression, certificates and the timeout of an export are read by the exporter itself.
 */

/** What a process that traces is told. */
export interface TracingSettings {
  /** `service.name` unless `OTEL_SERVICE_NAME` has another. */
  serviceName: string;
  sampling: Sampling;
}

/** Which traces are recorded. */
export interface Sampling {
  /** Whether a caller's own decision counts; the ratio is for traces that begin here. */
  followsCaller: boolean;
  /** From 0 to 1. */
  ratio: number;
}

/** Where spans go: that for traces, as it is, comes before that of all signals. */
const endpoints = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;
const protocols = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const;

/** Every collector takes both kinds of HTTP at one path; JSON is what is sent. */
const httpProtocols = ['http/json', 'http/protobuf'];

const samplers = /^(parentbased_)?(always_on|always_off|traceidratio)$/;

/**
 * Reads and checks them; null where nothing is to be traced: no endpoint is set, or traces are turned
 * off. Raises an error that names the variable, what was expected and what was given.
 */
export function readTracingSettings(
  env: NodeJS.ProcessEnv,
  serviceName: string,
): TracingSettings | null {
  const endpoint = endpoints.find((name) => isSet(env[name]));
  if (endpoint === undefined || env['OTEL_TRACES_EXPORTER'] === 'none') return null;
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return null;
  const { protocol } = URL.parse(env[endpoint] ?? '') ?? {};
  if (protocol !== 'http:' && protocol !== 'https:') {
    // It may hold a password, so it is not shown.
    throw new Error(`Expected ${endpoint} to be an http or https URL, got another text`);
  }
  const named = protocols.find((name) => isSet(env[name]));
  const given = named === undefined ? 'http/json' : (env[named] ?? '');
  if (!httpProtocols.includes(given)) {
    throw wrong(named ?? '', `one of ${httpProtocols.join(', ')}`, given);
  }
  return { serviceName, sampling: readSampling(env) };
}

function readSampling(env: NodeJS.ProcessEnv): Sampling {
  const name = isSet(env['OTEL_TRACES_SAMPLER']) ? env['OTEL_TRACES_SAMPLER'] : undefined;
  const [matched, parent, root] = samplers.exec(name ?? 'parentbased_always_on') ?? [];
  if (matched === undefined) {
    const known = '[parentbased_]always_on, always_off or traceidratio';
    throw wrong('OTEL_TRACES_SAMPLER', known, name ?? '');
  }
  const followsCaller = parent !== undefined;
  if (root !== 'traceidratio') return { followsCaller, ratio: root === 'always_on' ? 1 : 0 };
  const given = env['OTEL_TRACES_SAMPLER_ARG'] ?? '';
  const ratio = given.trim() === '' ? 1 : Number(given);
  if (ratio >= 0 && ratio <= 1) return { followsCaller, ratio };
  throw wrong('OTEL_TRACES_SAMPLER_ARG', 'a number from 0 to 1', given);
}

/** An empty variable says the same as none. */
function isSet(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}

function wrong(name: string, expected: string, given: string): Error {
  return new Error(`Expected ${name} to be ${expected}, got ${JSON.stringify(given)}`);
}
