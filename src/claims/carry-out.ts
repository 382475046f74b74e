/** Carries out an attempt step by step: the only part of a claim that speaks to the cluster. */
import {
  claimCallDeadlineMs,
  deleteClaimPod,
  patchClaim,
  readClaimPod,
  type ClaimMark,
} from '../kubernetes/claim-pod.ts';
import {
  createClaimRecord,
  moveClaimRecord,
  readClaimRecord,
  type ClaimRecord,
} from '../kubernetes/claim-records.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import type { KnownPod } from '../kubernetes/known-pod.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import type { PodCache } from '../kubernetes/pod-cache.ts';
import type { Span } from '../tracing/span.ts';
import { claimHashOf } from './claim-hash.ts';
import {
  learn,
  nextStep,
  type Answer,
  type AttemptEnd,
  type Knowledge,
  type Step,
} from './claim-steps.ts';
import { traceCall } from './trace-claim.ts';

/** The cluster as claims see it. */
export interface ClusterAccess {
  connection: ClusterConnection;
  namespace: string;
  cache: PodCache;
}

/** How an attempt ended, and what is known for the next one. */
export interface AttemptResult {
  end: AttemptEnd | { kind: 'failed'; error: KubernetesError };
  known: Knowledge;
}

/** Writes without an answer in one attempt, before it gives up: the API server is not there. */
const maxUnanswered = 2;

/**
 * Goes on from what is known until the attempt ends, which the steps bound. Never rejects for what
 * the cluster does: a failure is an end. `mark` is asked at each patch, so that a lease begins then.
 */
export async function carryOut(options: {
  access: ClusterAccess;
  known: Knowledge;
  mark: (claimId: string) => ClaimMark;
  /** Each call is a part of it. */
  span: Span;
}): Promise<AttemptResult> {
  const { access, mark, span } = options;
  let { known } = options;
  let unanswered = 0;
  for (;;) {
    const step = nextStep(known);
    if (step.do === 'end') return { end: step.end, known };
    const before = known;
    let answer: Answer;
    try {
      const work = (): Promise<Answer> => call({ access, known: before, step, mark });
      answer = await traceCall({ span, step, work });
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      if (error.kind !== 'unavailable' || isRead(step)) {
        return { end: { kind: 'failed', error }, known };
      }
      unanswered += 1;
      answer = { is: 'unanswered' };
      if (unanswered >= maxUnanswered) {
        return { end: { kind: 'failed', error }, known: learn(known, step, answer) };
      }
    }
    known = learn(known, step, answer);
  }
}

function isRead(step: Step): boolean {
  return step.do === 'readRecord' || step.do === 'readPod';
}

async function call(options: {
  access: ClusterAccess;
  known: Knowledge;
  step: Exclude<Step, { do: 'end' }>;
  mark: (claimId: string) => ClaimMark;
}): Promise<Answer> {
  const { access, known, step, mark } = options;
  const { connection, namespace, cache } = access;
  const { claimId, pool } = known;
  const claimHash = claimHashOf(claimId);
  const claim = { connection, namespace, claimId, claimHash, pool };
  switch (step.do) {
    case 'createRecord': {
      const { name: podName, uid: podUid } = step.candidate;
      const created = await createClaimRecord({ ...claim, podName, podUid });
      return created === 'exists' ? { is: 'recordExists' } : toAnswer(created);
    }
    case 'readRecord': {
      const record = await readClaimRecord(claim);
      if (record === 'foreign') return { is: 'recordForeign' };
      return record === null ? { is: 'recordAbsent' } : toAnswer(record);
    }
    case 'moveRecord': {
      const { uid, version } = step.record;
      const { name: podName, uid: podUid } = step.candidate;
      const moved = await moveClaimRecord({ ...claim, podName, podUid, uid, version });
      return moved === 'changed' ? { is: 'recordChanged' } : toAnswer(moved);
    }
    case 'readPod': {
      const pod = await readClaimPod({ connection, namespace, name: step.name, uid: step.uid });
      return pod === null ? { is: 'podGone' } : seen(cache, pod);
    }
    case 'claimPod': {
      const { name, uid, basis } = step;
      const target = { connection, namespace, name, uid };
      const patched = await patchClaim({ ...target, basis, mark: mark(claimId) });
      if (patched.outcome === 'gone') return { is: 'podGone' };
      if (patched.outcome === 'written') return seen(cache, patched.pod);
      return { is: 'patchRefused', message: patched.message };
    }
    case 'deletePod': {
      const { name, uid, version } = step;
      const lane = 'claims';
      const target = { connection, namespace, name, uid, version, lane } as const;
      const isDeleted = await deleteClaimPod({ ...target, deadlineMs: claimCallDeadlineMs });
      return { is: isDeleted ? 'podDeleted' : 'podChanged' };
    }
  }
}

function toAnswer(record: ClaimRecord): Answer {
  return { is: 'record', record };
}

/** What was read off a pod is at once known to the whole process. */
function seen(cache: PodCache, pod: KnownPod): Answer {
  cache.fold(pod);
  return { is: 'pod', pod };
}
