import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files by which a control plane's processes and its clients know one another. */
export interface ControlPlaneFiles {
  /** Signs the tokens of service accounts. */
  key: string;
  publicKey: string;
  /** The API server's list of tokens. */
  tokens: string;
  kubeconfig: string;
  /** Made by the API server itself at its first start; also its authority. */
  certificate: string;
  /** The administrator's token, which `tokens` and `kubeconfig` hold. */
  token: string;
}

/** The files of a state folder, made at the first call; the kubeconfig follows the API server's port. */
export async function rememberedFiles(stateDir: string, port: number): Promise<ControlPlaneFiles> {
  await mkdir(stateDir, { recursive: true });
  const at = (name: string): string => join(stateDir, name);
  const files = {
    key: at('sa.key'),
    publicKey: at('sa.pub'),
    tokens: at('tokens.csv'),
    kubeconfig: at('kubeconfig'),
    certificate: at('certs/apiserver.crt'),
  };
  // The tokens are written last, so a start that was killed on the way here begins anew.
  if (!(await isThere(files.tokens))) await writeSecrets(files);
  const [token = ''] = (await readFile(files.tokens, 'utf8')).split(',');
  await writeKubeconfig({ ...files, token }, port);
  return { ...files, token };
}

async function writeSecrets(files: Omit<ControlPlaneFiles, 'token'>): Promise<void> {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(files.key, key, { mode: 0o600 });
  await writeFile(files.publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const token = randomBytes(16).toString('hex');
  await writeFile(files.tokens, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
}

async function writeKubeconfig(files: ControlPlaneFiles, port: number): Promise<void> {
  const { token } = files;
  const server = `https://127.0.0.1:${port}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'dev', cluster: { server, 'certificate-authority': files.certificate } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'admin' } }],
    'current-context': 'dev',
  };
  await writeFile(files.kubeconfig, JSON.stringify(config, null, 2), { mode: 0o600 });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
