/**
 * How one attempt to carry out a claim goes on: what it knows decides its next call, and the call's
 * answer is added to what it knows. Pure, so that a test can run through every interleaving of
 * attempts, rivals and lost answers.
 *
 * A claim with a caller's claimId is tied to one pod by its record:
 *   S1. Only the pod on the record is ever patched for that claimId.
 *   S2. A record comes into being atomically; whoever finds one follows it.
 *   S3. It moves on only when its pod can never become ours any more: it is another's, is being
 *       deleted, or is gone. Each of these lasts, so a patch that arrives late finds it as well.
 *   S4. A pod that is merely not Ready may turn Ready again under a late patch. It is deleted first,
 *       under the version at which it was judged.
 *   S5. What got no answer is unknown: the next call reads.
 * From these follows that a claimId has at most one pod at any moment (P2), whoever retries where.
 *
 * A claim without a claimId has no record. Its name is made up anew for each pod that is tried, so
 * that a patch that arrives late can't give the same name to two pods either.
 */
import type { KnownPod, PatchBasis } from '../kubernetes/known-pod.ts';
import type { ClaimRecord } from '../kubernetes/claim-records.ts';

/** A pod that is set aside for this attempt and may be tried. */
export interface Candidate {
  name: string;
  uid: string;
  basis: PatchBasis;
}

/** What an attempt knows; plain data. */
export interface Knowledge {
  claimId: string;
  pool: string;
  /** Whether the caller named the claim, so that there is a record of it. */
  isNamed: boolean;
  /** Not on the record yet; null when there is none or it has been used. */
  candidate: Candidate | null;
  record:
    | { is: 'untried' }
    | { is: 'unknown' }
    | { is: 'absent' }
    | { is: 'foreign' }
    | { is: 'known'; record: ClaimRecord };
  /** The pod on the record; for a claim without one the pod that is tried. */
  pod:
    | { is: 'none' }
    /** Ours to patch, unseen: it was warm a moment ago. */
    | { is: 'presumed'; candidate: Candidate }
    | { is: 'unknown'; name: string; uid: string }
    | { is: 'seen'; pod: KnownPod }
    /** Gone, or being deleted by us. */
    | { is: 'over' };
  /** Patches that were refused although the pod looked as it should when it was read. */
  refusals: number;
  lastRefusal: string;
  /** A claim patch of the pod got no answer: it may be carried out later still. */
  isUncertain: boolean;
  /** Calls made since the last candidate. */
  calls: number;
}

/** The next call, or the end. */
export type Step =
  | { do: 'createRecord'; candidate: Candidate }
  | { do: 'readRecord' }
  | { do: 'moveRecord'; record: ClaimRecord; candidate: Candidate }
  | { do: 'readPod'; name: string; uid: string }
  | { do: 'claimPod'; name: string; uid: string; basis: PatchBasis }
  | { do: 'deletePod'; name: string; uid: string; version: string }
  | { do: 'end'; end: AttemptEnd };

/** How an attempt ended. */
export type AttemptEnd =
  | { kind: 'claimed'; pod: KnownPod }
  /** There is no pod to try: it goes on with another candidate, from what it knows. */
  | { kind: 'needsCandidate' }
  /** The claim had its pod, and the pod has ended. */
  | { kind: 'lost'; pod: KnownPod }
  | { kind: 'inUse'; pool: string }
  /** The record's name is taken by an object that is no record. */
  | { kind: 'foreignRecord' }
  /** The API server refuses the patch for what is in it. */
  | { kind: 'refused'; message: string }
  /** Others changed record and pod under it, again and again. */
  | { kind: 'outpaced' };

/** What a call brought. `unanswered`: it may or may not have been carried out. */
export type Answer =
  | { is: 'unanswered' }
  | { is: 'record'; record: ClaimRecord }
  | { is: 'recordExists' }
  | { is: 'recordChanged' }
  | { is: 'recordAbsent' }
  | { is: 'recordForeign' }
  | { is: 'pod'; pod: KnownPod }
  | { is: 'podGone' }
  | { is: 'patchRefused'; message: string }
  | { is: 'podDeleted' }
  | { is: 'podChanged' };

/** An attempt makes 2 calls as a rule and 8 in a bad race; 40 mean that something fights it. */
const maxCalls = 40;

/** A refused patch is tried again on the pod as it is read; the third refusal is for what is in it. */
const maxRefusals = 3;

/** What an attempt knows before its first call. */
export function newAttempt(claim: { claimId: string; pool: string; isNamed: boolean }): Knowledge {
  return {
    ...claim,
    candidate: null,
    record: { is: 'untried' },
    pod: { is: 'none' },
    refusals: 0,
    lastRefusal: '',
    isUncertain: false,
    calls: 0,
  };
}

/** Gives a candidate to an attempt that needs one; `claimId` renames a claim that has no record. */
export function withCandidate(
  known: Knowledge,
  candidate: Candidate,
  claimId: string = known.claimId,
): Knowledge {
  if (known.isNamed) return { ...known, candidate, calls: 0 };
  const pod = { is: 'presumed', candidate } as const;
  return { ...known, claimId, pod, refusals: 0, isUncertain: false, calls: 0 };
}

/** Makes an attempt read its record, whatever it knew: another replica may have served the claim. */
export function lookAgain(known: Knowledge): Knowledge {
  return known.isNamed ? { ...known, record: { is: 'unknown' }, calls: 0 } : known;
}

/** The next call for what is known. */
export function nextStep(known: Knowledge): Step {
  if (known.calls >= maxCalls) return end({ kind: 'outpaced' });
  if (known.isNamed) {
    const { record } = known;
    switch (record.is) {
      case 'untried':
        return create(known) ?? { do: 'readRecord' };
      case 'absent':
        return create(known) ?? end({ kind: 'needsCandidate' });
      case 'unknown':
        return { do: 'readRecord' };
      case 'foreign':
        return end({ kind: 'foreignRecord' });
      case 'known':
        if (record.record.claimId !== known.claimId) return end({ kind: 'foreignRecord' });
        if (record.record.pool === known.pool) break;
        return end({ kind: 'inUse', pool: record.record.pool });
    }
  }
  return stepOfPod(known);
}

function stepOfPod(known: Knowledge): Step {
  switch (known.pod.is) {
    case 'none':
    case 'over':
      return moveOn(known);
    case 'presumed':
      return { do: 'claimPod', ...known.pod.candidate };
    case 'unknown':
      return { do: 'readPod', name: known.pod.name, uid: known.pod.uid };
    case 'seen':
      return judge(known, known.pod.pod);
  }
}

function judge(known: Knowledge, pod: KnownPod): Step {
  const { view, facts } = pod;
  const { name, uid, version } = view;
  if (view.claimed) {
    if (facts.claimId !== known.claimId) return moveOn(known);
    // What was claimed was Ready then. Its holder may have it since, so it is not given up here.
    return end({ kind: view.terminating || view.ended ? 'lost' : 'claimed', pod });
  }
  if (view.terminating) return moveOn(known);
  if (!view.ready) {
    return known.isNamed ? { do: 'deletePod', name, uid, version } : moveOn(known);
  }
  if (known.refusals >= maxRefusals) return end({ kind: 'refused', message: known.lastRefusal });
  return { do: 'claimPod', name, uid, basis: facts.basis };
}

/** The pod at hand can never be ours: the next one, if one is set aside. */
function moveOn({ isNamed, record, candidate }: Knowledge): Step {
  if (!isNamed || candidate === null || record.is !== 'known') {
    return end({ kind: 'needsCandidate' });
  }
  return { do: 'moveRecord', record: record.record, candidate };
}

function create({ candidate }: Knowledge): Step | null {
  return candidate === null ? null : { do: 'createRecord', candidate };
}

function end(how: AttemptEnd): Step {
  return { do: 'end', end: how };
}

/** What is known after the answer to a step. */
export function learn(before: Knowledge, step: Step, answer: Answer): Knowledge {
  const known = { ...before, calls: before.calls + 1 };
  switch (answer.is) {
    case 'record':
      return learnRecord(known, step, answer.record);
    case 'recordExists':
    case 'recordChanged':
      return { ...known, record: { is: 'unknown' } };
    case 'recordAbsent':
      return { ...known, record: { is: 'absent' }, pod: { is: 'none' } };
    case 'recordForeign':
      return { ...known, record: { is: 'foreign' } };
    case 'pod':
      return { ...known, pod: { is: 'seen', pod: answer.pod } };
    case 'podGone':
    case 'podDeleted':
      return { ...known, pod: { is: 'over' } };
    case 'patchRefused': {
      const refused = { refusals: known.refusals + 1, lastRefusal: answer.message };
      return { ...known, ...refused, pod: unseen(known, step) };
    }
    case 'podChanged':
      return { ...known, pod: unseen(known, step) };
    case 'unanswered':
      if (step.do === 'createRecord' || step.do === 'moveRecord') {
        return { ...known, record: { is: 'unknown' } };
      }
      return {
        ...known,
        isUncertain: known.isUncertain || step.do === 'claimPod',
        pod: unseen(known, step),
      };
  }
}

/** A record just written names the candidate, which is patched unseen; one just read is followed. */
function learnRecord(known: Knowledge, step: Step, record: ClaimRecord): Knowledge {
  if (step.do === 'createRecord' || step.do === 'moveRecord') {
    const pod = { is: 'presumed', candidate: step.candidate } as const;
    return { ...known, record: { is: 'known', record }, candidate: null, pod, refusals: 0 };
  }
  const { podName: name, podUid: uid } = record;
  // Its own write whose answer was lost, or a rival's with the same candidate: that one is used.
  const candidate = known.candidate?.uid === uid ? null : known.candidate;
  return {
    ...known,
    record: { is: 'known', record },
    candidate,
    pod: { is: 'unknown', name, uid },
  };
}

function unseen(known: Knowledge, step: Step): Knowledge['pod'] {
  return 'uid' in step ? { is: 'unknown', name: step.name, uid: step.uid } : known.pod;
}
