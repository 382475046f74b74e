import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { findClusterLogin } from '../../src/kubernetes/cluster-login.ts';
import type { ClusterLogin } from '../../src/kubernetes/credentials.ts';
import { readKubeconfig } from '../../src/kubernetes/kubeconfig.ts';
import { readWithLibrary } from '../../src/kubernetes/library-login.ts';

const server = 'https://cluster:6443';
const inline = (text: string): string => Buffer.from(text).toString('base64');

/** A kubeconfig of one cluster and one user. */
function configOf(options: { cluster?: object; user?: object | null; context?: object } = {}) {
  const { cluster = {}, user = { token: 'secret' }, context = {} } = options;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', ...(user === null ? {} : { user }) }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...context } }],
    'current-context': 'x',
  };
}

async function shown(login: ClusterLogin | null) {
  if (login === null) return null;
  const { server: its, namespace, readCredentials } = login;
  return { server: its, namespace, ...(await readCredentials()) };
}

describe('the login to a cluster', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-login-'));
    path = join(folder, 'config');
    await mkdir(join(folder, 'pki'));
    for (const name of ['ca', 'cert', 'key']) await writeFile(join(folder, 'pki', name), name);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = (config: object): Promise<void> => writeFile(path, stringify(config));

  const simple: [string, ReturnType<typeof configOf>][] = [
    ['a token', configOf()],
    ['no user fields', configOf({ user: null })],
    ['a context without a user', configOf({ context: { user: '' } })],
    [
      'certificates in the file',
      configOf({
        cluster: { 'certificate-authority-data': inline('ca') },
        user: { 'client-certificate-data': inline('cert'), 'client-key-data': inline('key') },
      }),
    ],
    [
      'certificates in files beside it',
      configOf({
        cluster: { 'certificate-authority': 'pki/ca' },
        user: { 'client-certificate': 'pki/cert', 'client-key': 'pki/key' },
      }),
    ],
    [
      'both, of which the files count',
      configOf({
        cluster: { 'certificate-authority': 'pki/ca', 'certificate-authority-data': inline('x') },
      }),
    ],
    [
      'another name in the certificate',
      configOf({ cluster: { 'tls-server-name': 'kubernetes', server: 'https://127.0.0.1:1/' } }),
    ],
    [
      'a certificate that is not checked',
      configOf({ cluster: { 'insecure-skip-tls-verify': true, server: 'https://[::1]:6443/k8s' } }),
    ],
    [
      'plain HTTP that is meant',
      configOf({ cluster: { 'insecure-skip-tls-verify': true, server: 'http://127.0.0.1:8001' } }),
    ],
    ['a namespace', configOf({ context: { namespace: 'pools' } })],
  ];
  for (const [what, config] of simple) {
    it(`is read as the client library reads it, with ${what}`, async () => {
      await write(config);
      const ours = await shown(await readKubeconfig({ path }));
      assert.deepEqual(ours, await shown(readWithLibrary({ kubeconfigPath: path })));
      await writeFile(path, JSON.stringify(config));
      assert.deepEqual(await shown(await readKubeconfig({ path })), ours);
    });
  }

  it('is that of the context asked for', async () => {
    const { contexts, ...others } = configOf({ context: { namespace: 'pools' } });
    const two = [{ name: 'other', context: { cluster: 'none', user: 'none' } }, ...contexts];
    await write({ ...others, contexts: two, 'current-context': 'other' });
    const login = await readKubeconfig({ path, context: 'x' });
    assert.equal(login?.namespace, 'pools');
    await assert.rejects(readKubeconfig({ path, context: 'y' }), /name a cluster for context y/);
  });

  it('reads the token file each time, since tokens are rotated', async () => {
    await write(configOf({ user: { tokenFile: 'token', token: 'older' } }));
    await writeFile(join(folder, 'token'), 'first\n');
    const login = await readKubeconfig({ path });
    assert.equal((await shown(login))?.headers['Authorization'], 'Bearer first');
    await writeFile(join(folder, 'token'), 'second');
    assert.equal((await shown(login))?.headers['Authorization'], 'Bearer second');
  });

  const left: [string, { cluster?: object; user?: object }][] = [
    ['a plugin', { user: { exec: { apiVersion: 'v1', command: 'aws' } } }],
    ['a provider', { user: { 'auth-provider': { name: 'oidc', config: {} } } }],
    ['impersonation', { user: { token: 'secret', as: 'jane' } }],
    ['a password', { user: { username: 'jane', password: 'secret' } }],
    ['a proxy', { cluster: { 'proxy-url': 'http://proxy:3128' } }],
  ];
  for (const [what, options] of left) {
    it(`is left to the client library with ${what}`, async () => {
      await write(configOf(options));
      assert.equal(await readKubeconfig({ path }), null);
      const login = await findClusterLogin({ kubeconfigPath: path, env: {} });
      assert.equal(login.server, server);
    });
  }

  it('comes from a plugin that the kubeconfig names', async () => {
    const plugin = join(folder, 'plugin');
    const apiVersion = 'client.authentication.k8s.io/v1';
    const answer = { apiVersion, kind: 'ExecCredential', status: { token: 'of the plugin' } };
    await writeFile(plugin, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
    await chmod(plugin, 0o700);
    const exec = { apiVersion, command: plugin, interactiveMode: 'Never' };
    await write(configOf({ user: { exec } }));
    const login = await findClusterLogin({ kubeconfigPath: path, env: {} });
    const { headers } = await login.readCredentials();
    assert.equal(headers['Authorization'], 'Bearer of the plugin');
  });

  it('is merged from several files', async () => {
    const { users, ...others } = configOf();
    await write(others);
    await writeFile(join(folder, 'users'), stringify({ users }));
    const KUBECONFIG = [path, join(folder, 'users')].join(delimiter);
    const before = process.env['KUBECONFIG'];
    process.env['KUBECONFIG'] = KUBECONFIG;
    try {
      const login = await findClusterLogin({ env: { KUBECONFIG } });
      const { headers } = await login.readCredentials();
      assert.equal(headers['Authorization'], 'Bearer secret');
    } finally {
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
    }
  });

  const account = { KUBERNETES_SERVICE_HOST: '::1', KUBERNETES_SERVICE_PORT: '443' };

  async function writeAccount(): Promise<string> {
    const accountFolder = join(folder, 'account');
    await mkdir(accountFolder);
    for (const name of ['token', 'ca.crt', 'namespace']) {
      await writeFile(join(accountFolder, name), `the ${name}`);
    }
    return accountFolder;
  }

  it('is found in KUBECONFIG, then in the home folder, then in the account of the pod', async () => {
    const accountFolder = await writeAccount();
    const serverBy = async (env: NodeJS.ProcessEnv): Promise<string> =>
      (await findClusterLogin({ env: { ...account, ...env }, accountFolder })).server;
    assert.equal(await serverBy({ HOME: folder }), 'https://[::1]:443');
    await mkdir(join(folder, '.kube'));
    const home = configOf({ cluster: { server: 'https://home' } });
    await writeFile(join(folder, '.kube', 'config'), stringify(home));
    assert.equal(await serverBy({ HOME: folder }), 'https://home');
    await write(configOf());
    assert.equal(await serverBy({ HOME: folder, KUBECONFIG: path }), server);
  });

  it('of a pod is as the client library reads it, and its token is read again', async () => {
    const accountFolder = await writeAccount();
    const login = await findClusterLogin({ env: account, accountFolder });
    const root = '/var/run/secrets/kubernetes.io/serviceaccount';
    await mkdir(join(folder, root), { recursive: true });
    for (const name of ['token', 'ca.crt', 'namespace']) {
      await writeFile(join(folder, root, name), `the ${name}`);
    }
    const before = { ...process.env };
    Object.assign(process.env, account);
    const library = new KubeConfig();
    library.loadFromCluster(folder);
    process.env = before;
    const options = { headers: {} as Record<string, string>, ca: undefined };
    await library.applyToHTTPSOptions(options);
    assert.deepEqual(await shown(login), {
      server: library.getCurrentCluster()?.server,
      namespace: library.getContextObject(library.getCurrentContext())?.namespace,
      tls: { ca: options.ca },
      headers: options.headers,
    });
    await writeFile(join(accountFolder, 'token'), 'rotated');
    assert.equal((await shown(login))?.headers['Authorization'], 'Bearer rotated');
  });

  it('names what is missing where there is none, or only a part of one', async () => {
    const accountFolder = join(folder, 'account');
    await assert.rejects(
      findClusterLogin({ env: {}, accountFolder }),
      /Expected a kubeconfig in KUBECONFIG or ~\/\.kube\/config, or a service account/,
    );
    await writeAccount();
    await assert.rejects(
      findClusterLogin({ env: {}, accountFolder }),
      /Expected KUBERNETES_SERVICE_HOST .* got nothing and nothing/,
    );
  });

  const bad: [string, string | object, RegExp][] = [
    ['no YAML, and keeps its secrets', 'token: "s3cret', /to be YAML, got a fault: [^\n]*$/],
    ['no object', '- a', /to be a kubeconfig, got no object/],
    ['no context', { 'current-context': 'x' }, /name a cluster for context x; set KUBECONFIG/],
    ['no current context', {}, /`current-context` .* to be text, got nothing/],
    ['another kind of list', { ...configOf(), contexts: {} }, /`contexts` .* to be a list, got/],
    [
      'a context without a cluster',
      configOf({ context: { cluster: '' } }),
      /`contexts\[x\]\.context\.cluster` .* to be text, got nothing/,
    ],
    [
      'a cluster that is not there',
      configOf({ context: { cluster: 'd' } }),
      /`contexts\[x\]\.context\.cluster` .* to be one of its clusters, got d/,
    ],
    [
      'a user that is not there',
      configOf({ context: { user: 'v' } }),
      /`contexts\[x\]\.context\.user` .* to be one of its users, got v/,
    ],
    [
      'a server without a scheme',
      configOf({ cluster: { server: 'cluster:6443' } }),
      /`clusters\[c\]\.cluster\.server` .* to be an https URL .*got cluster:6443/,
    ],
    [
      'credentials that would go over plain HTTP',
      configOf({ cluster: { server: 'http://cluster' } }),
      /`clusters\[c\]\.cluster\.server` .* to be an https URL .*got http:\/\/cluster/,
    ],
  ];
  for (const [what, config, expected] of bad) {
    it(`is refused with ${what}`, async () => {
      await writeFile(path, typeof config === 'string' ? config : stringify(config));
      await assert.rejects(readKubeconfig({ path }), (error: Error) => {
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      });
    });
  }

  it('is refused with a token that is no text', async () => {
    await write(configOf({ user: { token: 12_345 } }));
    const login = await readKubeconfig({ path });
    await assert.rejects(
      shown(login),
      /`users\[u\]\.user\.token` .* to be text, got a value of type number/,
    );
  });
});
