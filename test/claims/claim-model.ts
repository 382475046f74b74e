/**
 * A small world for the claim of one claimId: pods and the record as an API server keeps them, two
 * attempts, requests that are still on their way, and what else happens to pods. Its states are plain
 * data, and `moves` lists every way in which the world can go on, so that a search reaches all of them.
 *
 * Only writes at the server are moves. What an attempt does between two calls is its own affair, and
 * an answer that is lost is the same as a request that comes late, since it may come at once. An
 * attempt that dies is one that makes no further move.
 */
import type { KnownPod } from '../../src/kubernetes/known-pod.ts';
import type {
  Answer,
  Candidate,
  Knowledge,
  learn,
  nextStep,
  Step,
} from '../../src/claims/claim-steps.ts';
import { newAttempt, withCandidate } from '../../src/claims/claim-steps.ts';

const mine = 'mine';
const rivals = 'rival';

interface ModelPod {
  uid: string;
  version: string;
  isReady: boolean;
  claimId: string | null;
  isTerminating: boolean;
}

interface ModelAttempt {
  known: Knowledge;
  step: Step;
  candidatesLeft: number;
  /** The uid of the pod that it answered with. */
  answered: string | null;
}

/** How often each thing may still happen. */
export interface Budget {
  lateWrites: number;
  rivalClaims: number;
  unreadies: number;
  readies: number;
  poolDeletes: number;
  holderDeletes: number;
}

export interface World {
  pods: (ModelPod | null)[];
  record: { uid: string; version: string; podUid: string } | null;
  attempts: ModelAttempt[];
  /** Writes whose sender has given up waiting. */
  late: Step[];
  budget: Budget;
  /** All answers name one pod; not so where a holder releases it and the claimId begins anew. */
  hasOneAnswer: boolean;
  lastVersion: number;
  /** What broke; the search ends there. */
  fault: string | null;
}

/** The parts under test, and flaws that a server or an algorithm might have. */
export interface Rules {
  nextStep: typeof nextStep;
  learn: typeof learn;
  movesBlindly?: boolean;
  createsOver?: boolean;
  deletesBlindly?: boolean;
  claimsUnready?: boolean;
  claimsTerminating?: boolean;
}

const basis = { readyIndex: 0, hasAnnotations: true, customOwners: [] };

/** All pods warm, no record, and attempts that have yet to begin. */
export function newWorld(options: {
  pods: number;
  attempts: number;
  candidates: number;
  budget: Budget;
}): World {
  const { pods, attempts, candidates, budget } = options;
  const known = newAttempt({ claimId: mine, pool: 'pool', isNamed: true });
  return {
    pods: Array.from({ length: pods }, (_, index) => ({
      uid: `uid-${index}`,
      version: `v${index}`,
      isReady: true,
      claimId: null,
      isTerminating: false,
    })),
    record: null,
    // A pod was set aside before the first call, as when the pool is not empty; which one is a move.
    attempts: Array.from({ length: attempts }, () => ({
      known,
      step: { do: 'end', end: { kind: 'needsCandidate' } },
      candidatesLeft: candidates,
      answered: null,
    })),
    late: [],
    budget,
    hasOneAnswer: budget.holderDeletes === 0,
    lastVersion: pods,
    fault: null,
  };
}

/**
 * Equal for worlds that go on alike. Versions are only ever compared with the current one, so all old
 * ones are one; a pod that was seen does not matter once the step is decided, nor does anything of an
 * attempt that is over; and attempts differ in nothing but what they know.
 */
export function keyOf(world: World): string {
  const { pods, record, attempts, late, budget } = world;
  return [
    ...pods.map((pod) => pod && `${pod.isReady} ${pod.claimId} ${pod.isTerminating}`),
    record && record.podUid,
    ...attempts.map((attempt) => keyOfAttempt(world, attempt)).toSorted(),
    ...late.map((step) => keyOfStep(world, step)).toSorted(),
    Object.values(budget).join(),
  ].join(';');
}

function keyOfAttempt(world: World, attempt: ModelAttempt): string {
  const { known, step, candidatesLeft, answered } = attempt;
  const canGoOn = step.do !== 'end' || (step.end.kind === 'needsCandidate' && candidatesLeft > 0);
  if (!canGoOn) return `over ${answered}`;
  const { candidate, record, pod, refusals } = known;
  const isCurrent = record.is === 'known' && record.record.version === world.record?.version;
  const which = 'uid' in pod ? pod.uid : 'candidate' in pod ? pod.candidate.uid : '';
  const what = pod.is === 'seen' ? '' : `${pod.is} ${which}`;
  const doing = keyOfStep(world, step);
  return [candidate?.uid, record.is, isCurrent, what, refusals, doing, candidatesLeft].join();
}

function keyOfStep(world: World, step: Step): string {
  const target = 'candidate' in step ? step.candidate.uid : 'uid' in step ? step.uid : '';
  const isCurrent =
    ('record' in step && step.record.version === world.record?.version) ||
    ('version' in step && step.version === podOf(world, step.uid)?.version);
  return `${step.do} ${target} ${isCurrent}`;
}

/** Every world that may come next. */
export function moves(world: World, rules: Rules): World[] {
  return [
    ...world.attempts.flatMap((_, index) => movesOfAttempt(world, rules, index)),
    ...world.late.map((_, index) => arriveLate(world, rules, index)),
    ...movesOfOthers(world),
  ];
}

/** Runs one attempt while the rest of the world stands still; says how it ended. */
export function finishAlone(world: World, rules: Rules, index: number): string {
  let now = world;
  // Two calls are usual; 20 are far more than any state of the record needs.
  for (let call = 0; call < 20; call += 1) {
    const attempt = now.attempts[index]!;
    const { step } = attempt;
    if (step.do !== 'end') {
      now = call_(now, rules, index);
      continue;
    }
    if (step.end.kind !== 'needsCandidate') return step.end.kind;
    const warm = now.pods.find((pod) => pod?.isReady && !pod.isTerminating && pod.claimId === null);
    if (!warm) return 'noneWarm';
    now = offer(now, rules, index, now.pods.indexOf(warm));
  }
  return 'endless';
}

function movesOfAttempt(world: World, rules: Rules, index: number): World[] {
  const { step, candidatesLeft } = world.attempts[index]!;
  if (step.do === 'end') {
    if (step.end.kind !== 'needsCandidate') return [];
    const withoutOne = world.attempts[index]!.known.record.is === 'untried';
    const offers = candidatesLeft === 0 ? [] : world.pods.map((_, pod) => pod);
    return [
      ...offers.map((pod) => offer(world, rules, index, pod)),
      // A claim that finds no pod warm looks for its record first.
      ...(withoutOne ? [goOn(world, rules, index, world.attempts[index]!.known)] : []),
    ];
  }
  const isWrite = step.do !== 'readRecord' && step.do !== 'readPod';
  const isLateAllowed = isWrite && world.budget.lateWrites > 0;
  return [call_(world, rules, index), ...(isLateAllowed ? [giveUpOn(world, rules, index)] : [])];
}

function offer(world: World, rules: Rules, index: number, pod: number): World {
  const attempt = world.attempts[index]!;
  const candidate: Candidate = { name: `pod-${pod}`, uid: `uid-${pod}`, basis };
  const attempts = world.attempts.with(index, {
    ...attempt,
    candidatesLeft: attempt.candidatesLeft - 1,
  });
  return goOn({ ...world, attempts }, rules, index, withCandidate(attempt.known, candidate));
}

/** The step is carried out and answered. */
function call_(world: World, rules: Rules, index: number): World {
  const attempt = world.attempts[index]!;
  const [after, answer] = carryOut(world, rules, attempt.step);
  return goOn(after, rules, index, rules.learn(attempt.known, attempt.step, answer));
}

/** The step gets no answer and is carried out later, or never. */
function giveUpOn(world: World, rules: Rules, index: number): World {
  const attempt = world.attempts[index]!;
  const after = {
    ...world,
    late: [...world.late, attempt.step],
    budget: { ...world.budget, lateWrites: world.budget.lateWrites - 1 },
  };
  return goOn(after, rules, index, rules.learn(attempt.known, attempt.step, { is: 'unanswered' }));
}

function goOn(world: World, rules: Rules, index: number, learnt: Knowledge): World {
  const attempt = world.attempts[index]!;
  const known = { ...learnt, calls: 0 };
  const step = rules.nextStep(known);
  const answered =
    step.do === 'end' && step.end.kind === 'claimed' ? step.end.pod.view.uid : attempt.answered;
  const attempts = world.attempts.with(index, { ...attempt, known, step, answered });
  const answers = new Set(attempts.flatMap((one) => one.answered ?? []));
  const after = { ...world, attempts };
  return answers.size > 1 && world.hasOneAnswer
    ? { ...after, fault: world.fault ?? 'one claimId was answered with two pods' }
    : after;
}

function arriveLate(world: World, rules: Rules, index: number): World {
  const [after] = carryOut(world, rules, world.late[index]!);
  return { ...after, late: world.late.toSpliced(index, 1) };
}

function carryOut(world: World, rules: Rules, step: Step): [World, Answer] {
  switch (step.do) {
    case 'createRecord':
      if (world.record !== null && !rules.createsOver) return [world, { is: 'recordExists' }];
      return writeRecord(world, step.candidate.uid, `r${world.lastVersion}`);
    case 'readRecord':
      return [world, world.record === null ? { is: 'recordAbsent' } : recordAnswer(world)];
    case 'moveRecord': {
      const { record } = world;
      const isSame = record?.uid === step.record.uid && record.version === step.record.version;
      if (!isSame && !(rules.movesBlindly && record)) return [world, { is: 'recordChanged' }];
      return writeRecord(world, step.candidate.uid, step.record.uid);
    }
    case 'readPod': {
      const pod = podOf(world, step.uid);
      return [world, pod === null ? { is: 'podGone' } : { is: 'pod', pod: toKnown(pod) }];
    }
    case 'claimPod':
      return claim(world, rules, step.uid);
    case 'deletePod': {
      const pod = podOf(world, step.uid);
      if (pod === null) return [world, { is: 'podGone' }];
      if (pod.version !== step.version && !rules.deletesBlindly) {
        return [world, { is: 'podChanged' }];
      }
      const after = changePod(world, pod, { isTerminating: true });
      const fault = pod.claimId === null ? world.fault : 'a claimed pod was deleted';
      return [{ ...after, fault }, { is: 'podDeleted' }];
    }
    case 'end':
      throw new Error('an attempt that has ended makes no call');
  }
}

function claim(world: World, rules: Rules, uid: string): [World, Answer] {
  const pod = podOf(world, uid);
  if (pod === null) return [world, { is: 'podGone' }];
  const isRefused =
    pod.claimId !== null ||
    (pod.isTerminating && !rules.claimsTerminating) ||
    (!pod.isReady && !rules.claimsUnready);
  if (isRefused) return [world, { is: 'patchRefused', message: 'a test failed' }];
  const after = changePod(world, pod, { claimId: mine });
  const held = after.pods.filter((one) => one?.claimId === mine);
  const fault =
    held.length > 1
      ? 'a claimId has two pods'
      : pod.isReady && !pod.isTerminating
        ? world.fault
        : 'a pod that is not warm was claimed';
  return [
    { ...after, fault },
    { is: 'pod', pod: toKnown(podOf(after, uid)!) },
  ];
}

function writeRecord(world: World, podUid: string, uid: string): [World, Answer] {
  const lastVersion = world.lastVersion + 1;
  const after = { ...world, lastVersion, record: { uid, version: `v${lastVersion}`, podUid } };
  return [after, recordAnswer(after)];
}

function recordAnswer({ record }: World): Answer {
  const { uid, version, podUid } = record!;
  const podName = podUid.replace('uid', 'pod');
  return { is: 'record', record: { uid, version, claimId: mine, pool: 'pool', podName, podUid } };
}

function podOf(world: World, uid: string): ModelPod | null {
  return world.pods.find((pod) => pod?.uid === uid) ?? null;
}

function changePod(world: World, pod: ModelPod, change: Partial<ModelPod>): World {
  const lastVersion = world.lastVersion + 1;
  const pods = world.pods.with(world.pods.indexOf(pod), {
    ...pod,
    ...change,
    version: `v${lastVersion}`,
  });
  return { ...world, lastVersion, pods };
}

function toKnown({ uid, version, isReady, claimId, isTerminating }: ModelPod): KnownPod {
  const view = {
    name: uid.replace('uid', 'pod'),
    uid,
    version,
    ready: isReady,
    claimed: claimId !== null,
    terminating: isTerminating,
    ended: false,
  };
  return { view, facts: { claimId, basis } } as unknown as KnownPod;
}

/** Rivals, kubelets, the pool, the holder, and garbage collection. */
function movesOfOthers(world: World): World[] {
  const spend = (after: World, what: keyof Budget): World => ({
    ...after,
    budget: { ...world.budget, [what]: world.budget[what] - 1 },
  });
  const can = (what: keyof Budget): boolean => world.budget[what] > 0;
  const next: World[] = [];
  for (const [index, pod] of world.pods.entries()) {
    if (pod === null) continue;
    if (pod.isTerminating) {
      next.push({ ...world, pods: world.pods.with(index, null) });
      continue;
    }
    const isFree = pod.claimId === null;
    if (isFree && pod.isReady && can('rivalClaims')) {
      next.push(spend(changePod(world, pod, { claimId: rivals }), 'rivalClaims'));
    }
    if (pod.isReady && can('unreadies')) {
      next.push(spend(changePod(world, pod, { isReady: false }), 'unreadies'));
    }
    if (!pod.isReady && can('readies')) {
      next.push(spend(changePod(world, pod, { isReady: true }), 'readies'));
    }
    if (isFree && can('poolDeletes')) {
      next.push(spend(changePod(world, pod, { isTerminating: true }), 'poolDeletes'));
    }
    if (pod.claimId === mine && can('holderDeletes')) {
      next.push(spend(changePod(world, pod, { isTerminating: true }), 'holderDeletes'));
    }
  }
  const { record } = world;
  if (record && podOf(world, record.podUid) === null) next.push({ ...world, record: null });
  return next;
}
