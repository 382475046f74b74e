/**
 * Reserves our label and annotation keys: whoever could write `pilotlight.dev/state` on a pod could
 * take it without a claim, or free one that is held.
 */
import { managedByValue, reservedPrefix } from '../pool/labels.ts';
import { callIfFound, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { userOf, type ServiceAccount } from './permissions.ts';

/** What became of the policy. `foreign`: Helm's chart keeps it. `unserved`: the cluster knows none. */
export type PolicyOutcome = 'created' | 'updated' | 'unchanged' | 'foreign' | 'unserved';

/** Name of the policy, and of its binding, for the pools of a namespace. */
function admissionPolicyName(namespace: string): string {
  return `pilotlight-reserved-keys-${namespace}`;
}

interface PolicyObject {
  kind: string;
  metadata: { name: string };
  [field: string]: unknown;
}

/** The policy and its binding; the chart renders the same, which a test compares. */
export function admissionPolicyOf(options: {
  namespace: string;
  /** The accounts that may write reserved keys. */
  serviceAccounts: ServiceAccount[];
}): [policy: PolicyObject, binding: PolicyObject] {
  const { namespace, serviceAccounts } = options;
  const name = admissionPolicyName(namespace);
  const users = serviceAccounts.map((account) => `'${userOf(account)}'`).join(', ');
  const metadata = { name, labels: { 'app.kubernetes.io/managed-by': managedByValue } };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const policy = {
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        // Pod templates are stored by whoever applies a pool, so they are left out.
        resourceRules: [rule('', ['pods', 'configmaps']), rule('coordination.k8s.io', ['leases'])],
      },
      matchConditions: [
        { name: 'not-pilotlight', expression: `!(request.userInfo.username in [${users}])` },
        // Applying a pool asks by a dry run whether its pod would be taken.
        { name: 'not-a-dry-run', expression: '!(has(request.dryRun) && request.dryRun)' },
      ],
      variables: [
        ...['labels', 'annotations'].flatMap((field) => [
          variable(field, 'object', field),
          variable(`old${field}`, 'oldObject', field),
        ]),
      ],
      validations: [validation('annotations', 'annotation'), validation('labels', 'label')],
    },
  };
  const binding = {
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      },
    },
  };
  return [policy, binding];
}

function rule(group: string, resources: string[]) {
  const operations = ['CREATE', 'UPDATE'];
  return { apiGroups: [group], apiVersions: ['v1'], operations, resources };
}

function variable(name: string, object: string, field: string) {
  const path = `${object}.metadata.${field}`;
  return { name, expression: `${object} != null && has(${path}) ? ${path} : {}` };
}

/** What is there must be as it was, and what was there must still be. */
function validation(field: string, word: string) {
  const [now, old] = [`variables.${field}`, `variables.old${field}`];
  const isFree = `!k.startsWith('${reservedPrefix}')`;
  return {
    expression:
      `${now}.all(k, ${isFree} || (k in ${old} && ${old}[k] == ${now}[k])) && ` +
      `${old}.all(k, ${isFree} || k in ${now})`,
    message: `${word} keys under ${reservedPrefix} are written by Pilotlight alone`,
    reason: 'Forbidden',
  };
}

/** Makes the policy be there as it should. Doing it again changes nothing. Raises `KubernetesError`. */
export async function ensureAdmissionPolicy(options: {
  connection: ClusterConnection;
  namespace: string;
  serviceAccounts: ServiceAccount[];
}): Promise<PolicyOutcome> {
  const { connection } = options;
  const [policy, binding] = admissionPolicyOf(options);
  const found = await readPolicy(connection, policy.metadata.name);
  if (found?.metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm') return 'foreign';
  try {
    const changes = [
      await applyObject(connection, 'validatingadmissionpolicies', policy),
      await applyObject(connection, 'validatingadmissionpolicybindings', binding),
    ];
    if (found === null) return 'created';
    return changes.includes(true) ? 'updated' : 'unchanged';
  } catch (error) {
    if (error instanceof KubernetesError && error.kind === 'notFound') return 'unserved';
    throw error;
  }
}

/** Whether the keys are reserved in a namespace. Raises `KubernetesError`. */
export async function hasAdmissionPolicy(
  connection: ClusterConnection,
  namespace: string,
): Promise<boolean> {
  return (await readPolicy(connection, admissionPolicyName(namespace))) !== null;
}

const groupPath = '/apis/admissionregistration.k8s.io/v1';

async function readPolicy(connection: ClusterConnection, name: string): Promise<Stored | null> {
  const path = `${groupPath}/validatingadmissionpolicies/${name}`;
  return (await callIfFound(connection.send({ method: 'GET', path }))) as Stored | null;
}

interface Stored {
  metadata: { resourceVersion: string; labels?: Record<string, string> };
}

/** Server-side apply; whether it changed anything. */
async function applyObject(
  connection: ClusterConnection,
  plural: string,
  body: PolicyObject,
): Promise<boolean> {
  const path = `${groupPath}/${plural}/${body.metadata.name}`;
  const before = (await callIfFound(connection.send({ method: 'GET', path }))) as Stored | null;
  const after = (await connection.send({
    method: 'PATCH',
    path: `${path}?fieldManager=pilotlight-setup&force=true&fieldValidation=Strict`,
    contentType: 'application/apply-patch+yaml',
    body,
  })) as Stored;
  return before?.metadata.resourceVersion !== after.metadata.resourceVersion;
}
