/**
 * The whole system on virtual time: the pool's core, replicas that claim, and a cluster that fails. A
 * schedule says in which order everything happens; a failing one is made as short as it goes.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { demandOf } from '../../src/pool/demand.ts';
import { countPhases } from '../../src/pool/state.ts';
import { maxPods, step, System, type Step } from './system.ts';

/**
 * Schedules a run plays, always the same: `PILOTLIGHT_SCHEDULES=100000 PILOTLIGHT_SEED=2` explores others,
 * some 50,000 a minute. One in some thousands finds what is accepted and written down: a pool at its limit
 * with a second pod of a name (ADR 8), and a claim counted for the wrong replica until its next report
 * (ADR 12).
 */
const runs = Number(process.env['PILOTLIGHT_SCHEDULES'] ?? 1_000);
const seed = Number(process.env['PILOTLIGHT_SEED'] ?? 1);

describe('the whole system on virtual time', function () {
  this.timeout(Math.max(120_000, runs * 10));

  const schedules = fc.array(step, { maxLength: 200, size: 'max' });
  const targets = fc.nat({ max: 6 });

  const play = (warmTarget: number, schedule: Step[]): System => {
    const system = new System(warmTarget);
    for (const next of schedule) {
      system.play(next);
      assert.ok(system.cluster.mostLive <= maxPods, 'no more than maxPods are live (P1)');
    }
    return system;
  };
  const assertCause = ({ cluster, entered }: System): void => {
    const { created, allowedByTargets, goneForCause, secondPods, goneUnseen } = cluster;
    const allowed = allowedByTargets + goneForCause + secondPods + entered + goneUnseen;
    assert.ok(created <= allowed, `${created} created, ${allowed} allowed (P1)`);
  };
  const assertOnePodEach = ({ replicas }: System): void => {
    const served = replicas.flatMap((replica) => replica.served);
    assert.equal(new Set(served).size, served.length, 'no pod has two claims (P2)');
  };

  it('creates a pod for the target, for each claim and for each that was lost, and no more (P1, P2)', () => {
    fc.assert(
      fc.property(targets, schedules, (warmTarget, schedule) => {
        const system = play(warmTarget, schedule);
        assertCause(system);
        assertOnePodEach(system);
      }),
      { numRuns: runs, seed },
    );
  });

  it('serves everybody who waits once the faults end, and is at its target then (P1, P2)', () => {
    fc.assert(
      fc.property(targets, schedules, (warmTarget, schedule) => {
        const system = play(warmTarget, schedule);
        system.calm();
        assert.deepEqual(
          system.replicas.map(({ size }) => size),
          [0, 0, 0],
        );
        assert.equal(demandOf(system.cluster.state), 0);
        const { warm, claimed, pending } = countPhases(system.cluster.state);
        assert.deepEqual({ warm, claimed, pending }, { warm: warmTarget, claimed: 0, pending: 0 });
        assertCause(system);
        assertOnePodEach(system);
      }),
      { numRuns: Math.ceil(runs / 3), seed },
    );
  });
});
