import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { storeTemplate } from '../../src/kubernetes/templates.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolSpec } from '../../src/pool/pool-spec.ts';
import type { Environment } from './environment.ts';

/** Gives a running pool another template, and other settings if there are any. */
export async function changePool(options: {
  environment: Environment;
  pool: string;
  template: V1PodTemplateSpec;
  templateHash: string;
  settings?: Partial<PoolSpec>;
}): Promise<void> {
  const { environment, pool, template, templateHash, settings = {} } = options;
  const { client, connection } = environment;
  await storeTemplate({ connection, namespace: 'default', pool, templateHash, template });
  const { spec } = await environment.status(pool);
  const request = {
    spec: { ...spec, ...settings, templateHash },
    namespace: 'default',
    upsertSearchAttributes: true,
  };
  const handle = client.workflow.getHandle(poolWorkflowId(pool));
  // As our client does; an answer comes after every signal before it.
  await handle.signal('applySpec', request);
  await environment.status(pool);
}
