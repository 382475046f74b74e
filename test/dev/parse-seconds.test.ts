import assert from 'node:assert/strict';
import { parseSeconds } from '../../dev/parse-seconds.ts';

describe('a duration on the command line', () => {
  const read: [string, number][] = [
    ['150s', 150],
    ['150', 150],
    ['2.5m', 150],
    ['0s', 0],
    ['24h', 86_400],
  ];
  for (const [text, seconds] of read) {
    it(`reads ${text} as ${seconds} s`, () => assert.equal(parseSeconds(text), seconds));
  }

  for (const text of ['', 'ten', '-1s', '1d', '25h', '1e3', '10 s']) {
    it(`refuses ${JSON.stringify(text)} and names what was given`, () => {
      assert.throws(() => parseSeconds(text), {
        message: `Expected a duration from 0s to 24h like 150s or 2m, got ${text}.`,
      });
    });
  }
});
