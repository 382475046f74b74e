/**
 * Runs the end-to-end suite on one kind of cluster.
 * Usage: run-e2e.ts simulated|control-plane [--prepare-only] [FILE.test.ts…] [mocha's options]
 *
 * PILOTLIGHT_NODE_DELAY_SECONDS=150 plays the nodes of the story at their real pace, and
 * PILOTLIGHT_PENDING_SECONDS=180 keeps a thousand pods waiting for three minutes.
 */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { clusterKinds, isClusterKind } from '../dev/clusters/start-cluster.ts';
import { prepare } from '../dev/prepare.ts';

/** Each file has servers of its own and mostly waits for them, so two cores take two files at once. */
const filesAtOnce = 2;

/** The longest, started first so that the two runners end at about the same time. */
const longest = [
  'lost-pods.test.ts',
  'zombies.test.ts',
  'leases.test.ts',
  'outages.test.ts',
  'live-alerts.test.ts',
  'claims.test.ts',
  'chaos.test.ts',
  'faulty-writes.test.ts',
  'restarts.test.ts',
];

/** These count heartbeats under load and get the machine to themselves. */
const alone = ['scale.test.ts'];

const root = join(import.meta.dirname, '..');

/** Runs mocha on some files; returns its exit code. */
function mocha(kind: string, args: string[]): Promise<number> {
  const bin = join(root, 'node_modules/mocha/bin/mocha.js');
  const child = spawn(process.execPath, [bin, '--config', '.mocharc.e2e.json', ...args], {
    stdio: 'inherit',
    cwd: root,
    env: { ...process.env, PILOTLIGHT_CLUSTER: kind },
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

/** Longest first, the rest by name. */
function rank(file: string): number {
  const place = longest.indexOf(file);
  return place < 0 ? longest.length : place;
}

async function main(): Promise<number> {
  const [kind = '', ...rest] = process.argv.slice(2);
  if (!isClusterKind(kind)) {
    const given = JSON.stringify(kind);
    console.error(`Expected a cluster, one of ${clusterKinds.join(', ')}; got ${given}`);
    return 1;
  }
  // Once, before files that run side by side would both do it.
  await prepare(kind);
  if (rest.includes('--prepare-only')) return 0;
  if (rest.some((argument) => argument.endsWith('.test.ts'))) return mocha(kind, rest);

  const all = (await readdir(join(root, 'test/e2e'))).filter((name) => name.endsWith('.test.ts'));
  const paths = (names: string[]): string[] => names.map((name) => join('test/e2e', name));
  const together = all
    .filter((name) => !alone.includes(name))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const parallel = ['--parallel', '--jobs', String(filesAtOnce)];
  const codes = [
    await mocha(kind, [...parallel, ...rest, ...paths(together)]),
    await mocha(kind, [...rest, ...paths(alone)]),
  ];
  return Math.max(...codes);
}

process.exit(await main());
