/** Makes all measurements, each in a process and on servers of its own. */
import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Report, Result, Results } from './results.ts';
import type { Measurement } from './suite.ts';

/** A quiet hour of 50 pools is the longest; anything beyond has hung. */
const deadlineMs = 3 * 3_600_000;

const bytesPerGb = 1e9;

/** Characters of a failed command's last words. */
const maxErrorLength = 500;

/**
 * Makes the measurements one after another and writes what there is after each, so that a run that
 * is broken off is not lost. A measurement that fails is a result too.
 */
export async function measureAll(options: {
  measurements: Measurement[];
  cluster: string;
  quick: boolean;
  path: string;
  onStep: (step: string) => void;
}): Promise<Results> {
  const { measurements, cluster, quick, path, onStep } = options;
  const results: Results = {
    ...{ version: 1, startedAt: new Date().toISOString(), quick, cluster },
    machine: {
      cpus: availableParallelism(),
      model: cpus()[0]?.model ?? 'unknown',
      memoryGb: Math.round(totalmem() / bytesPerGb),
      node: process.version,
    },
    results: [],
  };
  for (const [index, measurement] of measurements.entries()) {
    onStep(`${index + 1} of ${measurements.length}: ${measurement.name}`);
    results.results.push(await measureOne(measurement, cluster));
    await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
  }
  return results;
}

async function measureOne({ name, args }: Measurement, cluster: string): Promise<Result> {
  const command = `npm run bench -- ${[...args, '--cluster', cluster].join(' ')}`;
  const load = Math.round((loadavg()[0] ?? NaN) * 10) / 10;
  const startedAt = performance.now();
  const main = join(import.meta.dirname, 'main.ts');
  const run = await execa(process.execPath, [main, ...args, '--cluster', cluster, '--json'], {
    ...{ reject: false, stdin: 'ignore', timeout: deadlineMs },
  });
  const tookSeconds = Math.round((performance.now() - startedAt) / 1000);
  return { name, command, load, tookSeconds, ...readOutput(run) };
}

/** The report in what a command printed, or why there is none. Exported for its test. */
export function readOutput(run: {
  exitCode?: number | undefined;
  stdout: string;
  stderr: string;
}): Pick<Result, 'report' | 'error'> {
  const { exitCode, stdout, stderr } = run;
  const lastLine = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (exitCode === 0 && lastLine.startsWith('{')) {
    return { report: JSON.parse(lastLine) as Report, error: null };
  }
  const said = stderr.trim().slice(-maxErrorLength);
  return { report: null, error: `exit code ${exitCode ?? 'none'}: ${said}` };
}
