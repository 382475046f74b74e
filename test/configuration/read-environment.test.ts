import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readConfiguration as readApi } from '../../src/api/configuration.ts';
import { readConfiguration as readWorker } from '../../src/workers/configuration.ts';

const names = [
  ...['PILOTLIGHT_NAMESPACE', 'PILOTLIGHT_TASK_QUEUE', 'PILOTLIGHT_LOG_LEVEL'],
  ...['PILOTLIGHT_API_HOST', 'PILOTLIGHT_API_PORT', 'PILOTLIGHT_TOKENS_FILE'],
  ...['PILOTLIGHT_MAX_WAITING', 'PILOTLIGHT_MAX_WAITING_PER_POOL'],
  ...['PILOTLIGHT_HEALTH_HOST', 'PILOTLIGHT_HEALTH_PORT', 'PILOTLIGHT_MAX_ACTIVITIES'],
] as const;

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.integer().map(String),
  fc.constantFrom('', ' ', '0x10', '1e3', 'NaN', 'Infinity', '-0', '9460 ', '__proto__', 'info'),
);
const environments = fc.dictionary(fc.constantFrom(...names), text);

describe('the environment of a process', () => {
  for (const [program, read] of [
    ['the API', readApi],
    ['the worker', readWorker],
  ] as const) {
    it(`of ${program} is read within its limits, or refused by the names of its variables`, () => {
      fc.assert(
        fc.property(environments, (env) => {
          let configuration: object;
          try {
            configuration = read(env);
          } catch (error) {
            assert.ok(error instanceof Error);
            assert.match(error.message, /PILOTLIGHT_[A-Z_]+/);
            return;
          }
          for (const [name, value] of Object.entries(configuration)) {
            if (typeof value === 'number') {
              assert.ok(Number.isInteger(value) && value >= 1 && value <= 65_535, name);
            }
            if (typeof value === 'string') assert.notEqual(value, '', name);
          }
        }),
        { numRuns: 500 },
      );
    });
  }

  it('names every variable that is wrong in one error, with what was given', () => {
    const wrong = { PILOTLIGHT_HEALTH_PORT: '70000', PILOTLIGHT_LOG_LEVEL: 'loud' };
    assert.throws(
      () => readWorker(wrong),
      /PILOTLIGHT_LOG_LEVEL: .*got "loud".*PILOTLIGHT_HEALTH_PORT: .*got "70000"/,
    );
  });
});
