/** Logins that only the client library knows: plugins, providers, several files. Loads 85 MB. */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ClusterLogin } from './credentials.ts';

/** Reads a kubeconfig as the library does: the file given, else the places where it looks. */
export function readWithLibrary(options: {
  kubeconfigPath?: string;
  context?: string;
}): ClusterLogin {
  const { kubeconfigPath, context } = options;
  const config = new KubeConfig();
  if (kubeconfigPath === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfigPath);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(
      `Expected the kubeconfig to name a cluster for context ${config.getCurrentContext()}; set KUBECONFIG`,
    );
  }
  return {
    server: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    async readCredentials() {
      const options: RequestOptions = { headers: {} };
      await config.applyToHTTPSOptions(options);
      const { ca, cert, key, rejectUnauthorized, servername, headers } = options;
      const given = { ca, cert, key, rejectUnauthorized, servername };
      return {
        tls: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
        headers: headers as Record<string, string>,
      };
    },
  };
}
