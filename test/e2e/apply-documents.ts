/** Pools made as people make them: documents through the real `pilotlight apply`. */
import assert from 'node:assert/strict';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { PoolLabels } from '../../src/pool/pool-labels.ts';
import type { PoolSettings } from '../../src/pool/spec.ts';
import type { Environment } from './environment.ts';
import { runCli } from './run-cli.ts';

/** What a document says; what it leaves out has the defaults of the spec. */
export interface WrittenPool {
  pool: string;
  labels?: PoolLabels;
  settings: Partial<Omit<PoolSettings, 'claim' | 'failure'>> & {
    claim?: Partial<PoolSettings['claim']>;
    failure?: Partial<PoolSettings['failure']>;
  };
  template: V1PodTemplateSpec;
}

/** Applies documents in one go, which creates their pools or changes them. Needs a worker. */
export async function applyDocuments(
  environment: Environment,
  pools: WrittenPool[],
): Promise<void> {
  const items = pools.map(({ pool, labels = {}, settings, template }) => ({
    apiVersion: 'pilotlight.dev/v1alpha1',
    kind: 'WarmPool',
    metadata: { name: pool, labels },
    spec: { ...settings, template },
  }));
  // JSON is YAML, and `---` parts the documents of a stream.
  const input = items.map((item) => JSON.stringify(item)).join('\n---\n');
  const { exitCode, stderr } = await runCli({ environment, args: ['apply', '-f', '-'], input });
  assert.equal(exitCode, 0, stderr);
}
