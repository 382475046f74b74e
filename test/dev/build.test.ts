import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { buildControlPlane } from '../../dev/control-plane/build.ts';
import { silent } from '../../dev/report.ts';

const changed = ['PATH', 'XDG_CACHE_HOME'] as const;

/** A Go that notes each build and makes an empty program; `$1` is what it does besides. */
const fakeGo = (besides: string): string => `#!/bin/sh
if [ "$1" = env ]; then echo go1.99.0; exit 0; fi
echo "$1 GOTOOLCHAIN=$GOTOOLCHAIN CGO_ENABLED=$CGO_ENABLED" >> "$NOTES"
echo some/package >&2
${besides}
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then touch "$2"; exit 0; fi
  shift
done
touch "$GOBIN/kwok"
`;

describe('the build of the control plane', () => {
  let folder: string;
  let go: string;
  let notes: string;
  const before = Object.fromEntries(changed.map((name) => [name, process.env[name]]));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-build-'));
    await mkdir(join(folder, 'bin'));
    go = join(folder, 'bin/go');
    notes = join(folder, 'notes');
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    process.env['PATH'] = `${join(folder, 'bin')}${delimiter}${before['PATH'] ?? ''}`;
    process.env['NOTES'] = notes;
  });
  afterEach(async () => {
    for (const name of changed) {
      const value = before[name];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    Reflect.deleteProperty(process.env, 'NOTES');
    await rm(folder, { recursive: true });
  });

  const install = async (besides = ''): Promise<void> => {
    await writeFile(go, fakeGo(besides));
    await chmod(go, 0o755);
  };
  const builds = async (): Promise<string[]> => (await readFile(notes, 'utf8')).trim().split('\n');
  /** What looks built. */
  const built = async (): Promise<string[]> => {
    const names = await readdir(join(folder, 'cache/pilotlight/control-plane'));
    return names.filter((name) => /^[0-9a-f]{16}$/.test(name));
  };

  it('is made once when two starts need it at once, and tells what it is at', async () => {
    await install('sleep 0.1');
    const said: string[] = [];
    const report = (detail: string): number => said.push(detail);
    const folders = await Promise.all([
      buildControlPlane({ report }),
      buildControlPlane({ report }),
    ]);
    assert.equal(folders[0], folders[1]);
    assert.deepEqual((await readdir(folders[0])).sort(), ['etcd', 'kube', 'kwok']);
    assert.equal((await builds()).length, 3);
    assert.ok(said.includes('waiting for another start that builds the control plane'));
    assert.ok(
      said.includes('building kube (about 6 min on two cores, once): package 1, some/package'),
    );
  });

  it('is found in the cache afterwards, without a Go', async () => {
    await install();
    const made = await buildControlPlane({ report: silent });
    await writeFile(go, '#!/bin/sh\nexit 9\n');
    assert.equal(await buildControlPlane({ report: silent }), made);
  });

  it('fetches no other Go and links nothing of the system', async () => {
    await install();
    await buildControlPlane({ report: silent });
    for (const line of await builds()) {
      assert.match(line, /^(build|install) GOTOOLCHAIN=local CGO_ENABLED=0$/);
    }
  });

  it('leaves nothing that looks built when it fails, quotes the compiler, and can be tried again', async () => {
    await install('case "$*" in *kwok*) echo "undefined: thing" >&2; exit 2;; esac');
    const failing = buildControlPlane({ report: silent });
    await assert.rejects(
      failing,
      /install -v .*kwok.* ended with 2: some\/package\nundefined: thing$/,
    );
    assert.deepEqual(await built(), []);
    await install();
    await buildControlPlane({ report: silent });
    assert.equal((await built()).length, 1);
  });

  it('ends at once when the signal says so', async () => {
    await install('sleep 30');
    const signal = AbortSignal.timeout(300);
    const startedAtMs = Date.now();
    const ending = buildControlPlane({ report: silent, signal });
    await assert.rejects(ending, { name: 'TimeoutError' });
    assert.ok(Date.now() - startedAtMs < 5_000);
    assert.deepEqual(await built(), []);
  });
});
