import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const launcher = new URL('../../bin/pilotlight.js', import.meta.url).pathname;
const example = new URL('../../examples/duckling-colocated-4.yaml', import.meta.url).pathname;

/** "Detected within 10 s", and what a loaded machine needs to start Node. */
const deadlineMs = 15_000;

/** Port 1 of loopback: nothing listens there, so a connection is refused at once. */
const nowhere = '127.0.0.1:1';

async function run(args: string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [launcher, ...args], {
    reject: false,
    input: options.input ?? '',
    timeout: deadlineMs,
    env: { TEMPORAL_ADDRESS: nowhere, ...options.env },
  });
  assert.doesNotMatch(stderr, /^\s+at .*:\d+/m, 'no stack trace reaches the user');
  return { exitCode, stdout, stderr };
}

describe('pilotlight', () => {
  let folder: string;
  let silent: Server;
  let kubeconfig: (server: string) => Promise<string>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-cli-'));
    // Takes connections and never answers, like a frozen server.
    silent = createServer((socket) => socket.on('error', () => socket.destroy()));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    kubeconfig = async (server) => {
      const path = join(folder, 'kubeconfig');
      const cluster = { name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } };
      const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
      const user = { name: 'u', user: { token: 'none' } };
      const config = { clusters: [cluster], contexts: [context], users: [user] };
      await writeFile(path, JSON.stringify({ ...config, 'current-context': 'c' }));
      return path;
    };
  });

  after(async () => {
    silent.close();
    await rm(folder, { recursive: true });
  });

  it('prints its commands and environment', async () => {
    const { exitCode, stdout } = await run(['--help']);
    assert.equal(exitCode, 0);
    for (const word of ['apply', 'get', 'describe', 'scale', 'delete', 'TEMPORAL_ADDRESS']) {
      assert.match(stdout, new RegExp(word));
    }
  });

  const refusals: [string, string[], RegExp, string?][] = [
    ['an unknown command', ['frob'], /^error: unknown command 'frob'/],
    ['a target below 0', ['scale', 'a', '--', '-1'], /^error: .*'-1' is invalid.*whole number/],
    ['an unknown output', ['get', 'pools', '-o', 'xml'], /^error: .*'xml' is invalid/],
    [
      'a missing file',
      ['apply', '-f', '/nowhere.yaml'],
      /^error: Expected `--file` .*nowhere\.yaml/,
    ],
    ['malformed YAML', ['apply', '-f', '-'], /^error: standard input:1:\d+: /, 'kind: ['],
    [
      'an unknown field',
      ['apply', '-f', '-'],
      /`knid` to be one of .* an unknown field/,
      'knid: 1',
    ],
    // A view that never paused kept a worker busy with queries.
    ['looks without a pause', ['top', '--interval', '0'], /^error: .*'0' is invalid.*1s or more/],
    ['an endless timeout', ['delete', 'pool', 'a', '--timeout', '8d'], /^error: .*'8d' is invalid/],
  ];
  for (const [what, args, expected, input = ''] of refusals) {
    it(`refuses ${what} in a sentence, with exit code 1`, async () => {
      const { exitCode, stderr } = await run(args, { input });
      assert.equal(exitCode, 1);
      assert.match(stderr, expected);
    });
  }

  it('names both servers in one line when neither answers to get or describe', async () => {
    const env = { KUBECONFIG: await kubeconfig(`https://${nowhere}`) };
    const commands = [
      ['get', 'pools'],
      ['get', 'pool', 'a'],
      ['describe', 'pool', 'a'],
    ];
    const runs = await Promise.all(commands.map((args) => run(args, { env })));
    for (const { exitCode, stdout, stderr } of runs) {
      assert.equal(exitCode, 1);
      assert.equal(stdout, '');
      assert.match(
        stderr,
        /^error: No Temporal server answers at 127\.0\.0\.1:1 .*TEMPORAL_ADDRESS\. The pools' cards can't be read either: .*ECONNREFUSED/,
      );
      assert.equal(stderr.split('\n').length, 1);
    }
  });

  it('names the address of a Temporal server that refuses connections', async () => {
    const { exitCode, stderr } = await run(['scale', 'a', '1']);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^error: No Temporal server answers at 127\.0\.0\.1:1 .*TEMPORAL_ADDRESS$/,
    );
  });

  it('names a kubeconfig that is not there', async () => {
    const { exitCode, stderr } = await run(['apply', '-f', example], {
      env: { KUBECONFIG: '/nowhere/config' },
    });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^error: The kubeconfig can't be used \(KUBECONFIG is \/nowhere\/config\)/,
    );
  });

  it('gives up a Temporal server that takes connections and never answers', async () => {
    const address = silent.address();
    assert.ok(typeof address === 'object' && address !== null);
    const TEMPORAL_ADDRESS = `127.0.0.1:${address.port}`;
    const KUBECONFIG = await kubeconfig(`https://${nowhere}`);
    const { exitCode, stderr } = await run(['apply', '-f', example], {
      env: { TEMPORAL_ADDRESS, KUBECONFIG },
    });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: No Temporal server answers at 127\.0\.0\.1:/);
  });
});
