import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { generate } from 'selfsigned';

/** What the simulated cluster shows itself by, and what it lets clients in by. */
export interface SimulatedCredentials {
  token: string;
  /** PEM; the certificate names 127.0.0.1 and signs itself, so it is also the kubeconfig's CA. */
  key: string;
  certificate: string;
}

/** A developer's cluster may live for years; ten of them are never renewed. */
const validForMs = 10 * 365 * 24 * 3_600_000;

/**
 * The credentials kept in a file, made at the first call. The API is served over TLS because kubectl
 * sends a bearer token over nothing else.
 */
export async function rememberedCredentials(path: string): Promise<SimulatedCredentials> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as SimulatedCredentials;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const pair = await generate([{ name: 'commonName', value: 'pilotlight-simulated' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + validForMs),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const token = randomBytes(16).toString('hex');
  const credentials = { token, key: pair.private, certificate: pair.cert };
  await writeFile(path, JSON.stringify(credentials), { mode: 0o600 });
  return credentials;
}
