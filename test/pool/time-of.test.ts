import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dateAndTime, timeOfDay } from '../../src/pool/time-of.ts';

/** Up to the end of the year 9999. */
const instant = fc.integer({ min: 0, max: 253_402_300_799_999 });

describe('an instant', () => {
  it('is shown as the calendar has it, leap days and all', () => {
    const shown = (atMs: number): string =>
      `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
    for (const day of ['1970-01-01', '2000-02-29', '2024-12-31', '2100-02-28', '2100-03-01']) {
      assert.equal(dateAndTime(Date.parse(day)), shown(Date.parse(day)));
    }
    fc.assert(
      fc.property(instant, (atMs) => assert.equal(dateAndTime(atMs), shown(atMs))),
      { numRuns: 2_000 },
    );
  });

  it('of today is shown by its time', () => {
    assert.equal(timeOfDay(86_400_000 + 3_661_999), '01:01:01 UTC');
  });
});
