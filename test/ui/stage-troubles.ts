/** The eight troubles that a pool can have, brought about on a real control plane. */
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { setTargetSignal } from '../../src/workflows/messages.ts';
import { applyDocuments, type WrittenPool } from '../e2e/apply-documents.ts';
import { until, type ApiReplica, type Environment } from '../e2e/environment.ts';
import { colocated } from '../e2e/pod-templates.ts';
import { runCli } from '../e2e/run-cli.ts';

/** Pods of this priority have a quota of one pod, so that no other pool feels it. */
const tightPriority = 'tight';

/** A policy refuses pods with this label. */
const forbiddenLabel = 'poison';

/** Attempts follow each other in seconds until the breaker opens, and then no more for a minute. */
const soon = { podReadySeconds: 5, failure: { backOffSeconds: 1, probeSeconds: 60 } };

function withSpec(changes: Partial<NonNullable<V1PodTemplateSpec['spec']>>): V1PodTemplateSpec {
  const template = colocated();
  if (template.spec !== undefined) Object.assign(template.spec, changes);
  return template;
}

const noNode = withSpec({ nodeSelector: { 'pilotlight.example/nodes': 'none-such' } });
const refused = colocated();
refused.metadata = { labels: { [forbiddenLabel]: 'yes' } };

/** Pools are named for their trouble; `no-worker` is well until its worker is stopped. */
const pools: WrittenPool[] = [
  {
    pool: 'bad-image',
    settings: { warmTarget: 3, ...soon },
    template: colocated({ fault: 'image-pull' }),
  },
  { pool: 'no-node', settings: { warmTarget: 3 }, template: noNode },
  {
    pool: 'quota',
    settings: { warmTarget: 3 },
    template: withSpec({ priorityClassName: tightPriority }),
  },
  // Scaled once the policy is there: a pod that is refused already is not applied at all.
  { pool: 'refused', settings: { warmTarget: 0, ...soon }, template: refused },
  { pool: 'api-server-down', settings: { warmTarget: 1 }, template: colocated() },
  { pool: 'paused', settings: { warmTarget: 1 }, template: colocated() },
  { pool: 'in-use', settings: { warmTarget: 2, maxPods: 4 }, template: colocated() },
  { pool: 'no-worker', settings: { warmTarget: 2 }, template: colocated() },
];

/** Applies the pools, refuses some of their pods, pauses one and claims all of another. */
export async function stageTroubles(environment: Environment, api: ApiReplica): Promise<void> {
  await limit(environment);
  await applyDocuments(environment, pools);
  await forbid(environment);
  await scale(environment, 'refused');
  await environment.untilWarm('paused', 1, 60_000);
  await runCli({ environment, args: ['pause', 'paused'] });
  await scale(environment, 'paused');
  await untilOffered(api, 'in-use');
  for (let count = 0; count < 4; count += 1) {
    await api.client.claim('in-use', { renews: false, waitSeconds: 30 });
  }
}

/** Raises a target to 3, in the name of somebody: the command line would put this machine's into pictures. */
async function scale({ client }: Environment, pool: string): Promise<void> {
  const handle = client.workflow.getHandle(poolWorkflowId(pool));
  await handle.signal(setTargetSignal, { target: 3, by: 'ann@laptop' });
}

/** Waits until the API knows a pool and offers a pod of it. */
async function untilOffered(api: ApiReplica, pool: string): Promise<void> {
  await until({
    what: `a pod of ${pool} at the API`,
    timeoutMs: 30_000,
    ask: () => api.client.pools(),
    holds: (known) => known.some((one) => one.pool === pool && one.warm > 0),
  });
}

async function forbid({ connection, core }: Environment): Promise<void> {
  const group = '/apis/admissionregistration.k8s.io/v1';
  const metadata = { name: 'no-poison' };
  const pods = {
    apiGroups: [''],
    apiVersions: ['v1'],
    operations: ['CREATE'],
    resources: ['pods'],
  };
  const expression = `!('${forbiddenLabel}' in object.metadata.labels)`;
  await connection.send({
    method: 'POST',
    path: `${group}/validatingadmissionpolicies`,
    body: {
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [pods] },
        validations: [{ expression, message: 'poison is forbidden' }],
      },
    },
  });
  await connection.send({
    method: 'POST',
    path: `${group}/validatingadmissionpolicybindings`,
    body: { metadata, spec: { policyName: metadata.name, validationActions: ['Deny'] } },
  });
  await until({
    what: 'a policy in force',
    timeoutMs: 30_000,
    ask: () => {
      const probe = { metadata: { name: 'probe', labels: { [forbiddenLabel]: 'yes' } } };
      const body = { ...probe, spec: { containers: [{ name: 'c', image: 'i' }] } };
      const dryRun = { namespace: 'default', dryRun: 'All', body };
      return core.createNamespacedPod(dryRun).then(
        () => 'taken',
        () => 'refused',
      );
    },
    holds: (answer) => answer === 'refused',
  });
}

async function limit({ connection }: Environment): Promise<void> {
  await connection.send({
    method: 'POST',
    path: '/apis/scheduling.k8s.io/v1/priorityclasses',
    body: { metadata: { name: tightPriority }, value: 1 },
  });
  const scope = { scopeName: 'PriorityClass', operator: 'In', values: [tightPriority] };
  const path = '/api/v1/namespaces/default/resourcequotas';
  await connection.send({
    method: 'POST',
    path,
    body: {
      metadata: { name: 'tight' },
      spec: { hard: { pods: '1' }, scopeSelector: { matchExpressions: [scope] } },
    },
  });
  await until({
    what: 'a quota in force',
    timeoutMs: 30_000,
    ask: () => connection.send({ method: 'GET', path: `${path}/tight` }),
    holds: (quota) =>
      (quota as { status?: { used?: { pods?: string } } }).status?.used?.pods === '0',
  });
}
