/**
 * Templates as core/v1 PodTemplates named `<pool>-<templateHash>`: immutable by name. They travel
 * as plain JSON, since the typed client would drop the fields it does not know without a word:
 * misspelt ones, which the API server then could not refuse, and those of a newer Kubernetes.
 */
import type { V1PodTemplate, V1PodTemplateSpec } from '@kubernetes/client-node';
import { labels, managedByValue } from '../pool/labels.ts';
import { templateName } from '../pool/names.ts';
import { callIfFound, callUnlessReplaced, type ClusterConnection } from './connection.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { objectPath } from './object-path.ts';
import { podOf, poolSelector } from './pods.ts';

interface TemplateKey {
  connection: ClusterConnection;
  namespace: string;
  pool: string;
  templateHash: string;
}

/** Stores a template; one that is there already is the same, since its name is its hash. */
export async function storeTemplate(
  options: TemplateKey & { template: V1PodTemplateSpec },
): Promise<void> {
  const { connection, namespace, pool, templateHash, template } = options;
  const path = objectPath({ namespace, resource: 'podtemplates', query: strict });
  const body = {
    metadata: {
      name: templateName(pool, templateHash),
      labels: { [labels.pool]: pool, [labels.managedBy]: managedByValue },
    },
    template,
  };
  try {
    await connection.send({ method: 'POST', path, body });
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.kind !== 'alreadyExists') throw error;
  }
}

/** Reads a stored template; null when there is none. */
export async function readTemplate(options: TemplateKey): Promise<V1PodTemplateSpec | null> {
  const { connection, namespace, pool, templateHash } = options;
  const name = templateName(pool, templateHash);
  const path = objectPath({ namespace, resource: 'podtemplates', name });
  const stored = (await callIfFound(
    connection.send({ method: 'GET', path }),
  )) as V1PodTemplate | null;
  return stored?.template ?? null;
}

/**
 * Deletes a pool's templates that are neither to be kept nor younger than `olderThanMs`. Each delete
 * names the uid that was listed, so one that was swept and stored again meanwhile stays. Raises
 * `KubernetesError`.
 */
export async function sweepTemplates(options: {
  connection: ClusterConnection;
  namespace: string;
  pool: string;
  keep: string[];
  olderThanMs: number;
  nowMs: number;
}): Promise<void> {
  const { connection, namespace, pool, keep, olderThanMs, nowMs } = options;
  const kept = new Set(keep.map((hash) => templateName(pool, hash)));
  const query = { labelSelector: poolSelector(pool) };
  const path = objectPath({ namespace, resource: 'podtemplates', query });
  const { items } = (await connection.send({ method: 'GET', path })) as { items: V1PodTemplate[] };
  for (const { metadata: { name, uid, creationTimestamp } = {} } of items) {
    const ageMs = nowMs - new Date(creationTimestamp ?? nowMs).getTime();
    if (name === undefined || uid === undefined || kept.has(name) || ageMs < olderThanMs) continue;
    const body = { preconditions: { uid } };
    const path = objectPath({ namespace, resource: 'podtemplates', name });
    await callUnlessReplaced(connection.send({ method: 'DELETE', path, body }));
  }
}

/** Asks the API server whether it would take the pool's pod. Raises its refusal. */
export async function dryRunPod(options: {
  connection: ClusterConnection;
  namespace: string;
  pool: string;
  template: V1PodTemplateSpec;
}): Promise<void> {
  const { connection, namespace, pool, template } = options;
  const body = podOf({ pool, podName: `${pool}-dry-run`, templateHash: 'dry-run', template });
  const path = objectPath({ namespace, resource: 'pods', query: { dryRun: 'All', ...strict } });
  await connection.send({ method: 'POST', path, body });
}

/** Makes the API server refuse unknown and repeated fields instead of dropping them. */
const strict = { fieldValidation: 'Strict' };
