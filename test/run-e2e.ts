/**
 * Runs the end-to-end suite on one kind of cluster. Usage: run-e2e.ts simulated|control-plane
 * PILOTLIGHT_NODE_DELAY_SECONDS=150 plays the nodes of the story at their real pace.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { clusterKinds, isClusterKind } from '../dev/clusters/start-cluster.ts';
import { prepare } from '../dev/prepare.ts';

const [kind = '', ...rest] = process.argv.slice(2);
if (!isClusterKind(kind)) {
  console.error(
    `Expected a cluster, one of ${clusterKinds.join(', ')}; got ${JSON.stringify(kind)}`,
  );
  process.exit(1);
}
await prepare(kind);
const mocha = join(import.meta.dirname, '../node_modules/mocha/bin/mocha.js');
const child = spawn(process.execPath, [mocha, '--config', '.mocharc.e2e.json', ...rest], {
  stdio: 'inherit',
  cwd: join(import.meta.dirname, '..'),
  env: { ...process.env, PILOTLIGHT_CLUSTER: kind },
});
child.once('exit', (code) => process.exit(code ?? 1));
