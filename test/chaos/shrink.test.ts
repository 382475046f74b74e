import assert from 'node:assert/strict';
import { makeSchedule, type Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

describe('the search for a shorter schedule', () => {
  const schedule = makeSchedule({ seed: 1, seconds: 20, cluster: 'simulated' });

  it('finds the one fault that matters, in six runs at most', async () => {
    for (const culprit of schedule.faults) {
      let runs = 0;
      const fails = ({ faults }: Schedule): Promise<boolean> => {
        runs += 1;
        return Promise.resolve(faults.includes(culprit));
      };
      const { faults } = await shrink(schedule, fails);
      assert.ok(runs <= 6, `${runs} runs`);
      assert.ok(faults.includes(culprit));
      assert.ok(faults.length <= Math.ceil(schedule.faults.length / 8), `${faults.length} faults`);
    }
  });

  it('keeps the whole schedule when no half of it fails', async () => {
    assert.equal(await shrink(schedule, () => Promise.resolve(false)), schedule);
  });
});
