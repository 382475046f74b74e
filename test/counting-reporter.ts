/**
 * Mocha's spec reporter, which also adds a line `PASSED FAILED` to the file that
 * PILOTLIGHT_TEST_COUNTS names, if it is set. CI adds up these lines: they are what mocha itself has
 * counted, whatever tests and servers print, also when files run in parallel.
 */
import { appendFileSync } from 'node:fs';
import mocha from 'mocha';

export default class CountingReporter extends mocha.reporters.Spec {
  constructor(runner: mocha.Runner, options: mocha.MochaOptions) {
    super(runner, options);
    const path = process.env['PILOTLIGHT_TEST_COUNTS'];
    if (path === undefined || path === '') return;
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      appendFileSync(path, `${passes} ${failures}\n`);
    });
  }
}
