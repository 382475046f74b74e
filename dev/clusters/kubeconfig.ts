import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { Cluster } from './cluster.ts';

/**
 * A cluster of the user's own, by a context of the kubeconfig. Nothing in it is started or stopped.
 *
 * A kubeconfig with that context as the current one is written to the state folder, because plain
 * kubectl and the worker take no context from the environment.
 *
 * @throws when the kubeconfig has no such context; the message names those it has
 */
export async function useKubeconfig(options: {
  stateDir: string;
  context: string;
}): Promise<Cluster> {
  const { stateDir, context } = options;
  const config = new KubeConfig();
  config.loadFromDefault();
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context)) {
    throw new Error(
      `Expected \`--context\` to be one of the kubeconfig's contexts (${names.join(', ')}), got ${context}`,
    );
  }
  config.setCurrentContext(context);
  await mkdir(stateDir, { recursive: true });
  const kubeconfigPath = join(stateDir, 'kubeconfig');
  await writeFile(kubeconfigPath, config.exportConfig(), { mode: 0o600 });
  return {
    kind: 'kubeconfig',
    kubeconfigPath,
    namespace: config.getContextObject(context)?.namespace ?? 'default',
    processes: [],
    apiServer: null,
    stop: () => Promise.resolve(),
  };
}
