import assert from 'node:assert/strict';
import fc from 'fast-check';
import { flappingPools } from './flapping-pools.ts';
import { makeSchedule, ourProcesses, servers, type ChaosCluster } from './schedule.ts';

const settings = fc.record({
  seed: fc.nat({ max: 2 ** 32 - 1 }),
  seconds: fc.integer({ min: 5, max: 300 }),
  cluster: fc.constantFrom<ChaosCluster>('simulated', 'control-plane'),
});

describe('the schedule of a chaos run', () => {
  it('follows from its seed alone', () => {
    fc.assert(
      fc.property(settings, (options) => {
        assert.deepEqual(makeSchedule(options), makeSchedule(options));
      }),
    );
  });

  it('is plain JSON, in order, and names only pools and processes that there are', () => {
    fc.assert(
      fc.property(settings, (options) => {
        const schedule = makeSchedule(options);
        assert.deepEqual(JSON.parse(JSON.stringify(schedule)), schedule);
        const processes: readonly string[] = [...ourProcesses, ...servers[options.cluster]];
        const pools = schedule.pools.map(({ name }) => name);
        let before = 0;
        for (const { atMs, fault } of schedule.faults) {
          assert.ok(atMs >= before && atMs <= options.seconds * 1_000);
          before = atMs;
          if ('process' in fault) assert.ok(processes.includes(fault.process), fault.process);
          else assert.ok(pools.includes(fault.pool), fault.pool);
        }
      }),
    );
  });

  it('keeps targets within maxPods and gives a process one outage at a time', () => {
    fc.assert(
      fc.property(settings, (options) => {
        const { pools, faults } = makeSchedule(options);
        const maxPods = new Map(pools.map((pool) => [pool.name, pool.maxPods]));
        const endsAtMs = new Map<string, number>();
        for (const { warmTarget, maxPods: most } of pools) assert.ok(warmTarget <= most);
        for (const { atMs, fault } of faults) {
          if (fault.kind === 'setTarget') assert.ok(fault.target <= maxPods.get(fault.pool)!);
          if (!('seconds' in fault && 'process' in fault)) continue;
          assert.ok(atMs >= (endsAtMs.get(fault.process) ?? 0));
          endsAtMs.set(fault.process, atMs + fault.seconds * 1_000);
        }
      }),
    );
  });

  it('meets every kind of fault within a hundred seeds', () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) {
      const { faults } = makeSchedule({ seed, seconds: 20, cluster: 'control-plane' });
      for (const { fault } of faults) kinds.add(fault.kind);
    }
    assert.equal(kinds.size, 26, [...kinds].join());
  });

  it('tells which pools keep a surplus: those whose target falls, rises and falls again', () => {
    const flaps = (...targets: number[]): boolean => {
      const pools = [{ name: 'p', warmTarget: 3, maxPods: 9, shape: 'quick' as const }];
      const faults = targets.map((target, atMs) => {
        return { atMs, fault: { kind: 'setTarget' as const, pool: 'p', target } };
      });
      return flappingPools({ pools, faults }).has('p');
    };
    assert.ok(flaps(0, 5, 1));
    assert.ok(flaps(4, 2, 2, 6, 5));
    for (const targets of [[], [0], [5, 1], [0, 5], [2, 1, 0], [0, 5, 6], [0, 3, 3]]) {
      assert.ok(!flaps(...targets), targets.join());
    }
  });
});
