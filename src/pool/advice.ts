/** What a person can do about a pool's condition, in sentences that stand beside the reason. */
import type { PoolState } from './state.ts';

/** What the pods of a template suffer from, by the reason that was read off a pod or a refusal. */
type Ailment = 'image' | 'node' | 'refused' | 'template' | 'container';

const ailments: Record<string, Ailment> = {
  ErrImagePull: 'image',
  ImagePullBackOff: 'image',
  InvalidImageName: 'image',
  ErrImageNeverPull: 'image',
  RegistryUnavailable: 'image',
  Unschedulable: 'node',
  forbidden: 'refused',
  invalid: 'refused',
  TemplateMissing: 'template',
};

const remedies: Record<Ailment, string> = {
  image:
    'Check the name and tag of the image, that the registry answers, and the imagePullSecrets.',
  node:
    'No node fits these pods: see whether the autoscaler adds one (its limits, the cloud’s quota), ' +
    'or change nodeSelector, affinity, tolerations or resource requests in the template.',
  refused:
    'The API server refuses the pods: change in the template what the message names, or the policy that refuses it.',
  template: 'The stored template is gone.',
  container: 'Read the logs and events of one of its pods.',
};

/** What to do when the current template's pods do not start, whose last failure has a reason. */
export function afterFailures({ pool, failures, previousTemplateHash }: PoolState): string {
  const ailment = ailments[failures.lastReason ?? ''] ?? 'container';
  const { [ailment]: remedy } = remedies;
  const undo =
    previousTemplateHash === null
      ? ''
      : `, or go back to the template before: \`pilotlight rollout undo ${pool}\``;
  return (
    `${remedy} Then apply the pool again (\`pilotlight apply -f FILE\`), or, if its template was good, ` +
    `\`pilotlight retry ${pool}\` (in the Temporal UI: signal \`retry\`)${undo}.`
  );
}

/** What to do when a quota refuses pods. */
export function afterQuota({ pool }: PoolState): string {
  return (
    'Raise the quota, or lower the target of this pool or of another: ' +
    `\`pilotlight scale ${pool} N\`. The pool asks again by itself, at last once a minute.`
  );
}

/** What to do when activities fail through no fault of the pods. */
export const afterTrouble =
  'Nothing is lost and it is tried again by itself. If it stays, `pilotlight doctor` says whether the ' +
  'cluster or the worker’s rights are at fault.';

/** What to do when claims hold everything that a pool may have. */
export function whenFull({ pool, spec }: PoolState): string {
  return (
    `Raise \`maxPods\` (${spec.maxPods}) and apply the pool, or see who holds its pods: ` +
    `\`pilotlight claims ${pool}\`. A pod that is released or whose lease ends makes room.`
  );
}

/** What to do while a pool is paused. */
export function whilePaused({ pool }: PoolState): string {
  return `Resume it: \`pilotlight resume ${pool}\`, or signal \`resume\` in the Temporal UI. Claims and leases go on meanwhile.`;
}

/** What to do while a pool drains. */
export function whileDraining({ pool }: PoolState): string {
  return `Wait, or leave the claims to their holders: \`pilotlight drain ${pool} --deadline 0\`.`;
}

/** What to do while pods start, whose oldest says a reason, or has not been read at all (null). */
export function whileFilling(oldest: { reason: string | undefined } | null): string {
  if (oldest === null) {
    return (
      'Nothing, unless it stays so for a minute: then the Kubernetes API server does not answer, or no ' +
      'worker runs. Pending Activities in the Temporal UI show the last error of each pod; `pilotlight doctor` tells more.'
    );
  }
  const ailment = ailments[oldest.reason ?? ''];
  if (ailment === undefined) return 'Nothing: pods are starting.';
  return `Nothing, if it passes. ${remedies[ailment]}`;
}
