/**
 * Mocha's spec reporter, which also adds a line `PASSED FAILED` to the file that
 * PILOTLIGHT_TEST_COUNTS names, if it is set, and after it a line `# TITLE: MESSAGE` for each test that
 * failed. CI adds up the counts and repeats the failures at the end of its output: they are what mocha
 * itself has counted, whatever tests and servers print, also when files run in parallel.
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
      const failed = this.failures.map((test) => {
        const [message = ''] = (test.err?.message ?? '').split('\n');
        return `# ${test.fullTitle()}: ${message}\n`;
      });
      appendFileSync(path, `${passes} ${failures}\n${failed.join('')}`);
    });
  }
}
