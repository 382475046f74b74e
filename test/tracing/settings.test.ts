import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readTracingSettings } from '../../src/tracing/settings.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
const read = (env: NodeJS.ProcessEnv) => readTracingSettings(env, 'pilotlight-api');

describe('whether a process traces', () => {
  it('does not unless an endpoint is set, or where traces are turned off', () => {
    assert.equal(read({}), null);
    assert.equal(read({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_TRACES_SAMPLER: 'x' }), null);
    assert.equal(read({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }), null);
    assert.equal(read({ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }), null);
  });

  it('follows the caller and records the rest, unless a sampler is named', () => {
    const sampling = (env: NodeJS.ProcessEnv) => read({ ...endpoint, ...env })?.sampling;
    assert.deepEqual(sampling({}), { followsCaller: true, ratio: 1 });
    const one = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '.01' };
    assert.deepEqual(sampling(one), { followsCaller: true, ratio: 0.01 });
    for (const [name, ratio] of [
      ['always_on', 1],
      ['always_off', 0],
      ['traceidratio', 1],
    ] as const) {
      const expected = { followsCaller: false, ratio };
      assert.deepEqual(sampling({ OTEL_TRACES_SAMPLER: name }), expected);
    }
  });

  it('takes the endpoint for traces alone, and either kind of HTTP', () => {
    const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' };
    assert.equal(read(own)?.serviceName, 'pilotlight-api');
    assert.ok(read({ ...own, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }));
  });

  for (const [env, message] of [
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      'Expected OTEL_EXPORTER_OTLP_ENDPOINT to be an http or https URL, got another text',
    ],
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      'Expected OTEL_EXPORTER_OTLP_PROTOCOL to be one of http/json, http/protobuf, got "grpc"',
    ],
    [
      { ...endpoint, OTEL_TRACES_SAMPLER: 'some' },
      'Expected OTEL_TRACES_SAMPLER to be [parentbased_]always_on, always_off or traceidratio, got "some"',
    ],
    [
      { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' },
      'Expected OTEL_TRACES_SAMPLER_ARG to be a number from 0 to 1, got "2"',
    ],
  ] as const) {
    it(`refuses, and says why: ${message}`, () => {
      assert.throws(() => read(env), { message });
    });
  }
});

describe('what is loaded to trace', () => {
  const openIn = async (env: NodeJS.ProcessEnv): Promise<string[]> => {
    const module = new URL('../../src/tracing/open-tracing.ts', import.meta.url).href;
    const script = `
      import { registerHooks } from 'node:module';
      const asked = [];
      registerHooks({ resolve: (name, context, next) => (asked.push(name), next(name, context)) });
      const { openTracing } = await import(${JSON.stringify(module)});
      const tracing = await openTracing({ env: process.env, serviceName: 's', onTrouble() {} });
      tracing.tracer.start({ name: 'x' }).child({ name: 'y' }).end();
      console.log(JSON.stringify(asked));
      process.exit(0);
    `;
    const args = ['--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    return JSON.parse(stdout) as string[];
  };
  const ofOthers = (asked: string[]): string[] => asked.filter((name) => /^[@a-z]/.test(name));

  it('is nothing while no endpoint is set', async () => {
    const asked = await openIn({});
    assert.ok(asked.some((name) => name.endsWith('open-tracing.ts')));
    assert.deepEqual(
      ofOthers(asked).filter((name) => !name.startsWith('file:')),
      [],
    );
  });

  it('is the library with one', async () => {
    assert.ok(ofOthers(await openIn(endpoint)).includes('@opentelemetry/sdk-trace'));
  });
});
