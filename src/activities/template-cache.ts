/** Templates are immutable by name, so each is read once per process. */
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { readTemplate } from '../kubernetes/templates.ts';

/** Templates kept: at about 5 KB each a few megabytes, for far more pools than one process serves. */
const maxTemplates = 500;

/** Reads a stored template; null when it does not exist. Raises `KubernetesError`. */
export interface TemplateCache {
  read(key: {
    namespace: string;
    pool: string;
    templateHash: string;
  }): Promise<V1PodTemplateSpec | null>;
}

/** A cache that shares one read among those who ask at once, and keeps only what was found. */
export function createTemplateCache(connection: ClusterConnection): TemplateCache {
  const reads = new Map<string, Promise<V1PodTemplateSpec | null>>();
  return {
    async read(key) {
      const name = `${key.namespace}/${key.pool}/${key.templateHash}`;
      let read = reads.get(name);
      if (read === undefined) {
        read = readTemplate({ connection, ...key });
        reads.set(name, read);
        const oldest = reads.size > maxTemplates ? reads.keys().next().value : undefined;
        if (oldest !== undefined) reads.delete(oldest);
      }
      try {
        const template = await read;
        if (template === null) reads.delete(name);
        return template;
      } catch (error) {
        reads.delete(name);
        throw error;
      }
    },
  };
}
