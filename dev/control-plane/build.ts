/** Builds etcd, the Kubernetes components and kwok once, into a cache keyed by what they are built from. */
import { createHash } from 'node:crypto';
import { access, cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../src/configuration/cache-folder.ts';
import { withLock } from '../file-lock.ts';
import { findGo, goEnvironment, isAtLeast } from '../install/find-go.ts';
import type { Installing } from '../install/install-once.ts';
import { runCommand } from '../run-command.ts';
import { buildEnvironment, programs, type Program } from './programs.ts';

/** Cold on two cores the largest takes 6 minutes; 40 leave room for a slow download. */
const buildTimeoutMs = 2_400_000;

/** Another start may be building all three. */
const lockTimeoutMs = 3_600_000;

const here = import.meta.dirname;
const inputs = ['etcd', 'kube'].flatMap((module) =>
  ['go.mod', 'go.sum', 'main.go'].map((name) => join(here, module, name)),
);

/**
 * The folder with `etcd`, `kube` and `kwok`, built at the first call. Of two calls at once, in
 * whichever processes, the second waits for the first and takes what that one built.
 *
 * @throws when there is no Go that is new enough, or with the compiler's last lines
 */
export async function buildControlPlane(options: Installing): Promise<string> {
  const { report, signal } = options;
  const folder = join(cacheFolder(process.env), 'control-plane', await cacheKey());
  if (await isThere(folder)) return folder;
  const lock = {
    path: `${folder}.lock`,
    timeoutMs: lockTimeoutMs,
    onWait: () => report('waiting for another start that builds the control plane'),
    ...(signal ? { signal } : {}),
  };
  return withLock(lock, async () => {
    if (!(await isThere(folder))) await buildInto(folder, options);
    return folder;
  });
}

/** Everything that decides what the programs are: sources, versions, flags and environment. */
async function cacheKey(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ programs, buildEnvironment }));
  for (const input of inputs) hash.update(await readFile(input));
  return hash.digest('hex').slice(0, 16);
}

async function buildInto(folder: string, { report, signal }: Installing): Promise<void> {
  const go = await findGo({ minVersion: await neededGo(), report, signal });
  const half = `${folder}.half`;
  // Built from a copy, so that the work tree stays clean whatever Go writes.
  const source = `${half}.src`;
  for (const left of [half, source]) await rm(left, { recursive: true, force: true });
  await mkdir(half, { recursive: true });
  for (const { module } of programs) {
    if (module !== null) await cp(join(here, module), join(source, module), { recursive: true });
  }
  for (const program of programs) await build({ program, go, source, out: half, report, signal });
  await rm(source, { recursive: true });
  // Renamed when whole: a killed build leaves nothing that looks built.
  await rename(half, folder);
}

async function build(
  options: Installing & { program: Program; go: string; source: string; out: string },
): Promise<void> {
  const { program, go, source, out, report, signal } = options;
  const { name, minutes, module } = program;
  const [verb = '', ...args] = program.args;
  const about = `about ${minutes} min on two cores, once`;
  let packages = 0;
  report(`building ${name} (${about})`);
  await runCommand({
    command: go,
    // -v names each package as it is compiled, so that a person sees it go on.
    args: [verb, '-v', ...(module === null ? [] : ['-o', join(out, name)]), ...args],
    cwd: module === null ? out : join(source, module),
    env: { ...buildEnvironment, ...goEnvironment, GOBIN: out },
    timeoutMs: buildTimeoutMs,
    onLine: (line) => {
      packages += 1;
      report(`building ${name} (${about}): package ${packages}, ${line}`);
    },
    ...(signal ? { signal } : {}),
  });
}

/** The newest Go that one of the modules asks for. */
async function neededGo(): Promise<string> {
  let needed = '1.0';
  for (const input of inputs.filter((path) => path.endsWith('go.mod'))) {
    const [, version] = /^go (\S+)$/m.exec(await readFile(input, 'utf8')) ?? [];
    if (version === undefined) throw new Error(`Expected ${input} to state a Go version, got none`);
    if (isAtLeast(version, needed)) needed = version;
  }
  return needed;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
