import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Pools } from '../src/client/pools.ts';
import { runCommand } from './run-command.ts';

const checkout = join(import.meta.dirname, '..');

/** Three small documents, each with a dry run; more than a minute means that a server hangs. */
const applyTimeoutMs = 60_000;

/**
 * Applies the documents of `examples/` whose pools do not run yet; a running pool keeps what its user
 * has made of it. Returns the names of the pools it created. Raises with what the CLI printed.
 */
export async function applyExamples(options: {
  pools: Pools;
  /** What points the CLI to the servers. */
  env: Record<string, string>;
}): Promise<string[]> {
  const { pools, env } = options;
  const folder = join(checkout, 'examples');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const missing: { name: string; path: string }[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const { metadata } = parse(await readFile(path, 'utf8')) as { metadata: { name: string } };
    if ((await pools.namespaceOf(metadata.name)) === null) {
      missing.push({ name: metadata.name, path });
    }
  }
  if (missing.length === 0) return [];
  await runCommand({
    command: process.execPath,
    args: [
      join(checkout, 'src/cli/main.ts'),
      'apply',
      ...missing.flatMap(({ path }) => ['-f', path]),
    ],
    env,
    timeoutMs: applyTimeoutMs,
  });
  return missing.map(({ name }) => name);
}
