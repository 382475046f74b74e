/**
 * Faults that chaos has found (docs/chaos.md), as schedules of the simulation: those that pool, line and
 * cluster show together. Each failed before its fault was mended, and again with the fault planted.
 */
import assert from 'node:assert/strict';
import { demandOf } from '../../src/pool/demand.ts';
import { countPhases } from '../../src/pool/state.ts';
import { System, type Step } from './system.ts';

const work: Step = { do: 'work' };
const tell: Step = { do: 'tell', isHeldBack: false };
const carryOut: Step = { do: 'carryOut', choice: 0, isLost: false };
const loseReply: Step = { do: 'carryOut', choice: 0, isLost: true };
const pass = (ms: 100 | 5_000 | 40_000): Step => ({ do: 'pass', ms });
const at = 0;

const times = (count: number, ...steps: Step[]): Step[] =>
  Array.from({ length: count }, () => steps).flat();

/** All that is planned is done and told: no more than ten things at once here. */
const round: Step[] = [work, ...times(10, carryOut), tell];

/** The pool has looked at its cluster and is at its target. */
const fill = [...round, ...round];

/** A claim by the first replica, written and answered. */
const take: Step[] = [
  { do: 'see', at, count: 50 },
  { do: 'enter', at },
  { do: 'write', at, choice: 0 },
  { do: 'answer', at, choice: 0 },
];
const release: Step = { do: 'release', choice: 0 };

function play(warmTarget: number, ...schedule: Step[]): System {
  const system = new System(warmTarget);
  for (const step of schedule) system.play(step);
  return system;
}

function warmOf({ cluster }: System): number {
  return countPhases(cluster.state).warm;
}

describe('what chaos has found, on virtual time', () => {
  it('a crash of one pod of many does not hold back the refill of those that were claimed', () => {
    const system = play(
      5,
      ...fill,
      ...times(10, pass(40_000)),
      { do: 'touch', choice: 0, what: 'fail' },
      tell,
      ...times(3, ...take),
      tell,
      ...times(6, pass(5_000), ...round),
    );
    assert.equal(warmOf(system), 5);
  });

  it('pods that are deleted before anybody has read them are made again with patience', () => {
    const system = play(
      1,
      work,
      carryOut,
      carryOut,
      ...times(60, work, loseReply, { do: 'touch', choice: 0, what: 'delete' }, tell, pass(5_000)),
    );
    // Five minutes. Without patience there is one each 5 s.
    const { created } = system.cluster;
    assert.ok(created >= 3 && created <= 14, `${created} created`);
  });

  for (const [what, made] of [
    ['a claim that comes and goes between two messages is served all the same', carryOut],
    ['so is one whose pod had gone before its spawn was told of it', loseReply],
  ] as const) {
    it(what, () => {
      const system = play(
        0,
        ...fill,
        { do: 'enter', at },
        { do: 'report', at },
        { do: 'deliver', at },
        work,
        made,
        { do: 'see', at, count: 50 },
        { do: 'write', at, choice: 0 },
        { do: 'answer', at, choice: 0 },
        // Claimed and ended before the watcher tells of either.
        release,
        tell,
        ...round,
      );
      assert.equal(system.cluster.created, 1);
      assert.equal(demandOf(system.cluster.state), 0);
    });
  }

  it('a second pod under a name is known by its own uid, whatever comes of the spawn of the first', () => {
    const system = play(
      1,
      work,
      carryOut,
      carryOut,
      work,
      // Made, deleted unread, and made again by the retry, while a look that is held back knows the first.
      loseReply,
      { do: 'tell', isHeldBack: true },
      { do: 'touch', choice: 0, what: 'delete' },
      { do: 'die' },
      ...times(4, pass(40_000), ...round),
      { do: 'tellLate' },
      ...round,
    );
    const known = Object.values(system.cluster.state.records).map(({ pod }) => pod?.uid);
    const there = [...system.cluster.pods.values()].map(({ uid }) => uid);
    assert.deepEqual(known, there);
    assert.equal(warmOf(system), 1);
  });
});
