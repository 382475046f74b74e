/**
 * Takes pool documents to life. Everything is checked before anything is changed: the documents, that
 * both servers answer, and by a dry run that the API server takes the pods. Only then templates are
 * stored and workflows told, so a refusal leaves nothing half created.
 */
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { Pools } from '../client/pools.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import { dryRunPod, storeTemplate } from '../kubernetes/templates.ts';
import type { PoolDocument } from '../pool/document.ts';
import { labelsOf } from './document-labels.ts';
import { templateHash } from './template-hash.ts';

/** Documents that were refused, with a line for each thing wrong, or a cluster that does not answer. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
}

/** What became of one document. */
export interface AppliedPool {
  pool: string;
  namespace: string;
  change: 'created' | 'updated';
}

interface Servers {
  connection: ClusterConnection;
  pools: Pools;
}

/**
 * Applies documents in their order; `namespace` is for those that name none. Raises `ApplyError`
 * before anything was changed, or `PoolError` from the workflow.
 */
export async function applyPools(
  options: Servers & { documents: PoolDocument[]; namespace: string },
): Promise<AppliedPool[]> {
  const { documents, connection, pools } = options;
  const wanted = documents.map(({ pool, namespace, labels, settings, template }) => ({
    pool,
    namespace: namespace ?? options.namespace,
    spec: { ...settings, templateHash: templateHash(template) },
    labels: labelsOf({ template, labels }),
    // The API server checks the rest of the template in the dry run.
    template: template as unknown as V1PodTemplateSpec,
  }));
  const twice = wanted.find(({ pool }, index) => wanted.findIndex((w) => w.pool === pool) < index);
  if (twice) throw new ApplyError(`Expected each pool once, got ${twice.pool} twice`);
  for (const { pool, namespace, template } of wanted) {
    await checkPool({ connection, pools, pool, namespace, template });
  }
  const applied: AppliedPool[] = [];
  for (const { pool, namespace, spec, labels, template } of wanted) {
    const { templateHash } = spec;
    await storeTemplate({ connection, namespace, pool, templateHash, template });
    const change = await pools.apply({ pool, namespace, spec, labels });
    // A drained pool of that name may have ended just before, and swept its templates as it went.
    if (change === 'created') {
      await storeTemplate({ connection, namespace, pool, templateHash, template });
    }
    applied.push({ pool, namespace, change });
  }
  return applied;
}

async function checkPool(
  options: Servers & { pool: string; namespace: string; template: V1PodTemplateSpec },
): Promise<void> {
  const { connection, pools, pool, namespace, template } = options;
  const home = await pools.namespaceOf(pool);
  if (home !== null && home !== namespace) {
    throw new ApplyError(
      `Pool ${pool}: Expected \`metadata.namespace\` to be ${home}, where the pool lives, got ${namespace}`,
    );
  }
  try {
    await dryRunPod({ connection, namespace, pool, template });
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    // A quota that is used up now says nothing about the pod: the pool waits until there is room.
    if (error.kind === 'quota') return;
    throw new ApplyError(refusal(error, pool, connection.server), { cause: error });
  }
}

function refusal(error: KubernetesError, pool: string, server: string): string {
  switch (error.kind) {
    case 'unavailable':
    case 'throttled':
      return `The Kubernetes API server at ${server} does not answer (${error.message}); check that it runs and that KUBECONFIG names the cluster you mean`;
    case 'unauthorized':
    case 'forbidden':
    case 'notFound':
    case 'alreadyExists':
    case 'conflict':
    case 'gone':
    case 'invalid':
    case 'quota':
      return `Pool ${pool}: the API server at ${server} refuses its pod: ${error.message}`;
  }
}
