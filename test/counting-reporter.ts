/**
 * Mocha's spec reporter, which also adds a line `PASSED FAILED` to the file that
 * PILOTLIGHT_TEST_COUNTS names, if it is set, and after it a line `# TITLE: MESSAGE` for each test that
 * failed. CI adds up the counts and repeats the failures at the end of its output: they are what mocha
 * itself has counted, whatever tests and servers print, also when files run in parallel.
 */
import { appendFileSync } from 'node:fs';
import mocha from 'mocha';

/** What a message and the log that it quotes need; 20 failures then still fit on a screen or two. */
const quotedCharacters = 1_200;

export default class CountingReporter extends mocha.reporters.Spec {
  constructor(runner: mocha.Runner, options: mocha.MochaOptions) {
    super(runner, options);
    const path = process.env['PILOTLIGHT_TEST_COUNTS'];
    if (path === undefined || path === '') return;
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      const failed = this.failures.map((test) => {
        // In one line, log excerpts included: the rest of a long output may be lost.
        const message = (test.err?.message ?? '')
          .replaceAll(/\s+/g, ' ')
          .slice(0, quotedCharacters);
        return `# ${test.fullTitle()}: ${message}\n`;
      });
      appendFileSync(path, `${passes} ${failures}\n${failed.join('')}`);
    });
  }
}
