/** What a claim and its calls tell their trace: pool, pod and outcome, never who holds it or by which name. */
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import type { Facts, Span } from '../tracing/span.ts';
import { traced } from '../tracing/traced.ts';
import { ClaimError } from './claim-error.ts';
import type { Answer, Step } from './claim-steps.ts';
import type { Claim } from './claim.ts';

/** A step that calls the API server. */
type Call = Exclude<Step, { do: 'end' }>;

const names: Record<Call['do'], string> = {
  createRecord: 'create claim record',
  readRecord: 'read claim record',
  moveRecord: 'move claim record',
  readPod: 'read pod',
  claimPod: 'patch pod',
  deletePod: 'delete pod',
};

/** Does one call of an attempt as a part of the claim's span. */
export function traceCall(options: {
  span: Span;
  step: Call;
  work: () => Promise<Answer>;
}): Promise<Answer> {
  const { span, step, work } = options;
  const pod = 'candidate' in step ? step.candidate.name : 'name' in step ? step.name : null;
  return traced({
    span: span.child({
      name: names[step.do],
      kind: 'client',
      ...(pod === null ? {} : { facts: { 'k8s.pod.name': pod } }),
    }),
    work,
    // A refused patch is no fault: another was faster.
    tell: (answer) => ({ 'pilotlight.answer': answer.is }),
    faultOf: (error) => (error instanceof KubernetesError ? error.kind : 'internal'),
  });
}

/** What a granted claim says. */
export function factsOfClaim({ hit, waitedMs, pod }: Claim): Facts {
  return {
    'pilotlight.claim.hit': hit,
    'pilotlight.claim.waited_ms': waitedMs,
    'k8s.pod.name': pod.name,
  };
}

/** The code of a claim that ended without a pod. */
export function faultOfClaim(error: unknown): string {
  return error instanceof ClaimError ? error.code : 'internal';
}
