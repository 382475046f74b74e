/** What proves to an API server who we are. */
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** Credentials may be rotated on disk or by a plugin; they are read again after a minute. */
const credentialsMaxAgeMs = 60_000;

/** What a connection is made with, and the headers of each call. */
type Credentials = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'> & {
  headers: Record<string, string>;
};

/** Reads a kubeconfig's credentials, at most once a minute. Rejects when they can't be had. */
export function createCredentials(config: KubeConfig): () => Promise<Credentials> {
  const read = async (): Promise<Credentials> => {
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    return { ...options, headers: options.headers as Record<string, string> };
  };
  let known: { credentials: Promise<Credentials>; readAtMs: number } | null = null;
  return async () => {
    if (known === null || performance.now() - known.readAtMs > credentialsMaxAgeMs) {
      known = { credentials: read(), readAtMs: performance.now() };
    }
    const { credentials } = known;
    // A failed reading is not kept: a token that is just being rotated is there a moment later.
    credentials.catch(() => {
      if (known?.credentials === credentials) known = null;
    });
    return credentials;
  };
}
