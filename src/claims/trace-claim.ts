/** What a claim and its calls tell their trace: pool, pod and outcome, never who holds it or by which name. */
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import type { Span } from '../tracing/span.ts';
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

/**
 * Does a claim as a part of its caller's span; the work is given the claim's own. `pool` is null for a name
 * that is no pool's, of which there is no end.
 */
export function traceClaim(options: {
  span: Span;
  pool: string | null;
  work: (span: Span) => Promise<Claim>;
}): Promise<Claim> {
  const { pool, work } = options;
  const span = options.span.child({
    name: 'claim',
    ...(pool === null ? {} : { facts: { 'pilotlight.pool': pool } }),
  });
  return traced({
    span,
    work: () => work(span),
    tell: ({ hit, waitedMs, pod }) => ({
      'pilotlight.claim.hit': hit,
      'pilotlight.claim.waited_ms': waitedMs,
      'k8s.pod.name': pod.name,
    }),
    faultOf: (error) => (error instanceof ClaimError ? error.code : 'internal'),
  });
}
