/**
 * Where the login to a cluster is looked for. What is found is read by us if it is as simple as nearly
 * all are; the client library, 85 MB of memory and 0.3 s of start, is loaded for the others only.
 */
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ClusterLogin } from './credentials.ts';
import { findServiceAccount, serviceAccountFolder } from './service-account.ts';

/**
 * The login by the kubeconfig given, else by KUBECONFIG, `~/.kube/config`, or the service account of
 * the pod. Raises when there is none, or what is found can't be read.
 */
export async function findClusterLogin(options: {
  kubeconfigPath?: string;
  context?: string;
  env: NodeJS.ProcessEnv;
  /** Where a pod's account lies; for tests. */
  accountFolder?: string;
}): Promise<ClusterLogin> {
  const { kubeconfigPath, context, env, accountFolder = serviceAccountFolder } = options;
  const asked = {
    ...(kubeconfigPath === undefined ? {} : { kubeconfigPath }),
    ...(context === undefined ? {} : { context }),
  };
  const paths = kubeconfigPath === undefined ? await findKubeconfigs(env) : [kubeconfigPath];
  const [path, ...others] = paths;
  if (others.length > 0 || (path === undefined && process.platform === 'win32')) {
    return readWithLibrary(asked);
  }
  if (path !== undefined) {
    const { readKubeconfig } = await import('./kubeconfig.ts');
    const read = { path, ...(context === undefined ? {} : { context }) };
    return (await readKubeconfig(read)) ?? readWithLibrary(asked);
  }
  const account = await findServiceAccount({ folder: accountFolder, env });
  if (account === null) {
    throw new Error(
      `Expected a kubeconfig in KUBECONFIG or ~/.kube/config, or a service account in ${accountFolder}, got none`,
    );
  }
  return account;
}

async function readWithLibrary(asked: {
  kubeconfigPath?: string;
  context?: string;
}): Promise<ClusterLogin> {
  const library = await import('./library-login.ts');
  return library.readWithLibrary(asked);
}

/**
 * The user's kubeconfigs; none without one. Several are merged, which the library does; so it does in
 * the places where Windows has them.
 */
async function findKubeconfigs(env: NodeJS.ProcessEnv): Promise<string[]> {
  const paths = (env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean);
  const home = env['HOME'];
  if (paths.length > 0 || !home) return paths;
  const path = join(home, '.kube', 'config');
  return access(path).then(
    () => [path],
    () => [],
  );
}
