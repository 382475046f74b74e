import assert from 'node:assert/strict';
import { learn, nextStep, type Step } from '../../src/claims/claim-steps.ts';
import { type Budget, finishAlone, keyOf, moves, newWorld, type Rules } from './claim-model.ts';

const rules: Rules = { learn, nextStep };

const nothingHappens: Budget = {
  lateWrites: 0,
  rivalClaims: 0,
  unreadies: 0,
  readies: 0,
  poolDeletes: 0,
  holderDeletes: 0,
};

interface Search {
  rules?: Rules;
  pods?: number;
  attempts?: number;
  candidates?: number;
  budget: Partial<Budget>;
}

/** Far above what any search here needs: one that grows past it no longer ends by itself. */
const maxWorlds = 500_000;

/** Goes through every interleaving; returns the first fault, or how many different worlds there are. */
function search(options: Search): { fault: string | null; worlds: number; ends: Set<string> } {
  const { pods = 2, attempts = 2, candidates = 2, budget, rules: tried = rules } = options;
  const happens = { ...nothingHappens, ...budget };
  const stack = [newWorld({ pods, attempts, candidates, budget: happens })];
  const seen = new Set<string>();
  const ends = new Set<string>();
  for (let world = stack.pop(); world !== undefined; world = stack.pop()) {
    const key = keyOf(world);
    if (seen.has(key)) continue;
    seen.add(key);
    assert.ok(seen.size < maxWorlds, 'the search does not end');
    if (world.fault !== null) return { fault: world.fault, worlds: seen.size, ends };
    // Whatever happened before, an attempt that is left alone comes to an end.
    if (seen.size % 20 === 0) ends.add(finishAlone(world, tried, 0));
    stack.push(...moves(world, tried));
  }
  return { fault: null, worlds: seen.size, ends };
}

describe('the claim record, in every interleaving (P2)', function () {
  this.timeout(60_000);

  const situations: [string, Search][] = [
    ['two attempts at two replicas', { pods: 3, budget: {} }],
    ['three attempts', { attempts: 3, budget: { rivalClaims: 1 } }],
    ['rival claims and a write that comes late', { budget: { lateWrites: 1, rivalClaims: 2 } }],
    ['two writes that come late', { pods: 3, budget: { lateWrites: 2 } }],
    [
      'a pod that loses Ready and turns Ready again under a late write',
      { budget: { lateWrites: 1, unreadies: 1, readies: 1 } },
    ],
    [
      'pods that the pool retires and the records that go with them',
      { pods: 3, budget: { lateWrites: 1, poolDeletes: 1 } },
    ],
    [
      'a rival, a lost Ready and a retired pod at once',
      { candidates: 1, budget: { rivalClaims: 1, unreadies: 1, readies: 1, poolDeletes: 1 } },
    ],
    [
      'a holder that releases while a late write is on its way',
      { budget: { lateWrites: 1, holderDeletes: 1 } },
    ],
  ];
  for (const [name, situation] of situations) {
    it(`never gives a claimId two pods: ${name}`, () => {
      const { fault, worlds, ends } = search(situation);
      assert.equal(fault, null);
      assert.ok(worlds > 100, `only ${worlds} worlds: nothing was tried`);
      assert.ok(ends.has('claimed'), [...ends].join());
      assert.ok(!ends.has('endless') && !ends.has('outpaced'), [...ends].join());
    });
  }
});

describe('the search over interleavings', function () {
  this.timeout(60_000);

  /** Moves the record on where the algorithm does something else. */
  function movesInsteadOf(isMeant: (step: Step) => boolean): Rules {
    return {
      ...rules,
      nextStep: (known) => {
        const step = nextStep(known);
        const { record, candidate } = known;
        if (!isMeant(step) || record.is !== 'known' || candidate === null) return step;
        return { do: 'moveRecord', record: record.record, candidate };
      },
    };
  }

  // Each flaw is one that a reader might think harmless.
  const flaws: [string, string, Rules, Partial<Budget>, number?][] = [
    [
      'moves the record off a pod that is merely not Ready',
      'a claimId has two pods',
      movesInsteadOf((step) => step.do === 'deletePod'),
      { lateWrites: 1, unreadies: 1, readies: 1 },
    ],
    [
      'takes a claim without an answer for one that failed',
      'a claimId has two pods',
      {
        ...rules,
        learn: (known, step, answer) =>
          step.do === 'claimPod' && answer.is === 'unanswered'
            ? learn(known, step, { is: 'podGone' })
            : learn(known, step, answer),
      },
      { lateWrites: 1 },
    ],
    [
      'claims its own candidate although there is a record',
      'a claimId has two pods',
      {
        ...rules,
        learn: (known, step, answer) => {
          if (step.do !== 'createRecord' || answer.is !== 'recordExists') {
            return learn(known, step, answer);
          }
          const { name: podName, uid: podUid } = step.candidate;
          const record = { uid: '', version: '', claimId: 'mine', pool: 'pool', podName, podUid };
          return learn(known, step, { is: 'record', record });
        },
      },
      {},
    ],
    [
      'moves the record whatever it has become',
      'a claimId has two pods',
      { ...rules, movesBlindly: true },
      { rivalClaims: 1 },
      3,
    ],
    [
      'writes its record over another',
      'a claimId has two pods',
      { ...rules, createsOver: true },
      {},
    ],
    [
      'deletes a pod that is not Ready whatever it has become',
      'a claimed pod was deleted',
      { ...rules, deletesBlindly: true },
      { lateWrites: 1, unreadies: 1, readies: 1 },
    ],
    [
      'claims a pod without testing that it is Ready',
      'a pod that is not warm was claimed',
      { ...rules, claimsUnready: true },
      { unreadies: 1 },
    ],
    [
      'claims a pod without testing that it stays',
      'a pod that is not warm was claimed',
      { ...rules, claimsTerminating: true },
      { poolDeletes: 1 },
    ],
    [
      'takes up a claim again after its pod was released',
      'a claimId has two pods',
      movesInsteadOf((step) => step.do === 'end' && step.end.kind === 'lost'),
      { holderDeletes: 1 },
    ],
  ];
  for (const [flaw, fault, flawed, budget, pods = 2] of flaws) {
    it(`finds the fault of an algorithm that ${flaw}`, () => {
      assert.equal(search({ rules: flawed, budget, pods }).fault, fault);
    });
  }
});
