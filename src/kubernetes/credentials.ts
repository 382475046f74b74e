/** What proves to an API server who we are. */
import type { ConnectionOptions } from 'node:tls';

/** Credentials may be rotated on disk or by a plugin; they are read again after a minute. */
const credentialsMaxAgeMs = 60_000;

/** What a connection is made with, and the headers of each call. */
export interface Credentials {
  tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;
  headers: Record<string, string>;
}

/** Where an API server is and as whom we speak to it. */
export interface ClusterLogin {
  /** `https://host:port`, or with a path. */
  server: string;
  /** The namespace of the kubeconfig's context, or of the pod. */
  namespace: string;
  /** Reads the credentials as they are now. Rejects when they can't be had. */
  readCredentials: () => Promise<Credentials>;
}

/** Credentials that are read at most once a minute. Rejects when they can't be had. */
export function createCredentials(read: () => Promise<Credentials>): () => Promise<Credentials> {
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

/** The header of a bearer token, as it was read off a file or a kubeconfig. */
export function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token.trim()}` };
}
