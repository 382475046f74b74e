import assert from 'node:assert/strict';
import { countCpuSeconds, parseStat } from '../../bench/cpu-seconds.ts';

describe('the CPU time of processes', () => {
  it('is read behind a program name that holds spaces and brackets', () => {
    const line = '12 (a) b (c)) S 1 12 12 0 -1 4194560 1 0 0 0 250 150 0 0 20 0 1 0 5 6 7';
    assert.equal(parseStat(line), 4);
  });

  it('is null for a line that is no stat', () => {
    assert.equal(parseStat('nonsense'), null);
  });

  it('leaves out processes that do not run', async () => {
    const used = await countCpuSeconds([{ name: 'stopped', pid: null }]);
    assert.deepEqual(await used(), {});
  });

  it('counts what this process spends, where there is a /proc', async () => {
    const used = await countCpuSeconds([{ name: 'self', pid: process.pid }]);
    // By this process's own clock of CPU time: on a busy machine it takes longer than that.
    const before = process.cpuUsage();
    const spentMs = (): number => {
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    while (spentMs() < 100) Math.sqrt(spentMs());
    const { self } = await used();
    assert.equal(self !== undefined, process.platform === 'linux');
    if (self !== undefined) assert.ok(self >= 0.05 && self < 2, `${self} s for 0.1 s of work`);
  });
});
