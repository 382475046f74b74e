import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createRunEnd, type RunLength } from '../../src/workflows/run-end.ts';

/** A run that passes its loop in tasks at these lengths. */
function runAt(length: RunLength, waitsForCalm = true) {
  const runEnd = createRunEnd(() => length, waitsForCalm);
  return {
    ...runEnd,
    /** A new task begins after so many more events; whether it may end the run. */
    grows(events: number): boolean {
      length.historyLength += events;
      return runEnd.isDue(false);
    },
  };
}

describe('the end of a run', () => {
  it('comes with the first calm task once the server suggests it', () => {
    const length = { historyLength: 3, continueAsNewSuggested: false };
    const run = runAt(length);
    run.passed(0);
    assert.equal(run.grows(4), false);
    run.passed(20);
    length.continueAsNewSuggested = true;
    // 20 spawns were launched, and five outcomes of two events each came.
    assert.equal(run.grows(3 + 20 + 10), false);
    run.passed(0);
    assert.equal(run.grows(3 + 1), true);
    assert.equal(run.isDue(true), false);
  });

  it('leaves out the activities that the task before has launched, over all its passes', () => {
    const length = { historyLength: 100, continueAsNewSuggested: true };
    const run = runAt(length);
    run.passed(5);
    run.passed(6);
    assert.equal(run.grows(3 + 11 + 1), true);
  });

  // A pool of 150 that became Ready at once lost the end of its run to outcomes six times in a row, and
  // planned nothing in the meantime.
  it('is not tried again by the task that follows a lost one (E1)', () => {
    const few = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(few, few, fc.nat(50), (trigger, late, launched) => {
        const length = { historyLength: 1_000, continueAsNewSuggested: true };
        const run = runAt(length);
        run.passed(launched);
        const ends = run.grows(1 + launched + trigger + 2);
        // It lost: its failure, what came meanwhile, and the next schedule and start.
        if (ends) assert.equal(run.grows(1 + late + 2), false);
      }),
    );
  });

  it('never comes in a task that has launched something already', () => {
    const length = { historyLength: 1_000, continueAsNewSuggested: true };
    const run = runAt(length);
    run.passed(1);
    assert.equal(run.isDue(false), false);
    assert.equal(run.mayCome(), false);
    run.grows(5);
    assert.equal(run.mayCome(), true);
  });

  it('does not wait for ever: 8,000 events are enough (E3)', () => {
    const length = { historyLength: 7_900, continueAsNewSuggested: true };
    const run = runAt(length);
    run.passed(0);
    assert.equal(run.grows(50), false);
    assert.equal(run.grows(51), true);
    length.continueAsNewSuggested = false;
    assert.equal(run.isDue(true), true);
  });

  // Under 25 claims a second an end that was tried as a tick's news came in was lost one time in three,
  // and the pool was replayed for 2.6 s.
  it('is looked for once a second, between two ticks (E2)', () => {
    const length = { historyLength: 10, continueAsNewSuggested: false };
    const run = runAt(length);
    assert.equal(run.wakeAtMs(7), null);
    length.continueAsNewSuggested = true;
    assert.equal(run.wakeAtMs(7), 1_120);
    assert.equal(run.wakeAtMs(10_390), 11_320);
  });

  it('comes at once by the rules of 0.1.0 (P11)', () => {
    const length = { historyLength: 4_000, continueAsNewSuggested: true };
    const run = runAt(length, false);
    run.passed(0);
    assert.equal(run.mayCome(), true);
    assert.equal(run.grows(500), true);
    assert.equal(run.isDue(true), true);
    assert.equal(run.wakeAtMs(7), null);
  });
});
