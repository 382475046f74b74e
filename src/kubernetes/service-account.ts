/** The account that Kubernetes gives to a pod: its token is rotated on disk, so it is read again. */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { bearer, type ClusterLogin } from './credentials.ts';

/** Where the account of a pod lies. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The login of the service account in a folder; null when there is no token. Raises when the
 * environment does not name the API server, as in a pod without service links.
 */
export async function findServiceAccount(options: {
  folder: string;
  env: NodeJS.ProcessEnv;
}): Promise<ClusterLogin | null> {
  const { folder, env } = options;
  const tokenPath = join(folder, 'token');
  if ((await readIfThere(tokenPath)) === null) return null;
  const namespace = (await readIfThere(join(folder, 'namespace')))?.trim();
  return {
    server: serverOf(env),
    namespace: namespace || 'default',
    async readCredentials() {
      const [token, ca] = await Promise.all([
        readFile(tokenPath, 'utf8'),
        readFile(join(folder, 'ca.crt')),
      ]);
      return { tls: { ca }, headers: bearer(token) };
    },
  };
}

function serverOf(env: NodeJS.ProcessEnv): string {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) {
    throw new Error(
      'Expected KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT to be set beside a service ' +
        `account, got ${host || 'nothing'} and ${port || 'nothing'}`,
    );
  }
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
